"""Bodies are decoded as strictly as frames are: the same structs, the same codes, the same paths."""

from functools import cache
from typing import Any

import msgspec
from litestar import Request

from seriatim.core.errors import BadRequest
from seriatim.protocol.codec import refusal


async def check_body(request: Request[Any, Any, Any]) -> None:
    """Refuse a body that is not exactly what its route takes: Litestar alone would turn "1" into 1.

    Raises:
        BadRequest, TooLarge: with the path of the field.
    """
    field = request.route_handler.parsed_data_field
    if field is None or not isinstance(field.annotation, type) or not issubclass(field.annotation, msgspec.Struct):
        return
    try:
        _decoder(field.annotation).decode(str(await request.body(), "utf-8"))
    except UnicodeDecodeError:
        raise BadRequest("the body is not valid UTF-8", path="$") from None
    except RecursionError:
        raise BadRequest("the body is nested too deeply", path="$") from None
    except msgspec.ValidationError as error:
        raise refusal(error) from None
    except msgspec.DecodeError:
        raise BadRequest("the body is not JSON", path="$") from None


@cache
def _decoder(struct: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(struct)
