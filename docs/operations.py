"""Show operations as they are called: the result instead of the generator, and parameters that may be left out."""

from __future__ import annotations

from typing import Any

import griffe


class Operations(griffe.Extension):
    """Rewrites the signature of every function that `@operation` makes an operation of."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Take the third argument of `Generator[Progress, None, Result]`, and give `params` its default."""
        if not any(str(decorator.value).startswith("operation(") for decorator in func.decorators):
            return
        if isinstance(func.returns, griffe.ExprSubscript) and isinstance(func.returns.slice, griffe.ExprTuple):
            func.returns = func.returns.slice.elements[-1]
        parameter = func.parameters["params"]
        parameter.default = "None"
        parameter.kind = griffe.ParameterKind.positional_or_keyword
