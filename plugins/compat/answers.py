"""Operations whose answer is always the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from immich_flask.contracts.errors import ApiError, BadRequest
from immich_flask.infra.http.blueprint import Blueprint


def not_built(feature: str) -> Callable[[], ApiError]:
    """What to raise where somebody wants to use a feature, given in the plural."""
    return lambda: BadRequest(f"{feature} are not built into this server")


def always(bp: Blueprint, method: str, rule: str, operation_id: str, value: Any, **options: Any) -> None:
    """An operation that finds nothing to tell, or to do. `options` are those of `Blueprint.operation`; what comes in is
    validated nevertheless."""

    @bp.operation(method, rule, operation_id, **options)
    def answer(**_: Any) -> Any:
        return value


def never(bp: Blueprint, method: str, rule: str, operation_id: str, error: Callable[[], ApiError],
          **options: Any) -> None:
    """An operation that can only be refused."""

    @bp.operation(method, rule, operation_id, **options)
    def refuse(**_: Any) -> None:
        raise error()
