"""The serializer of the Redis cache: JSON, because reading a pickle can run code."""

import json


class JSONSerializer:
    """JSON for Django's Redis cache. Integers stay plain, so that Redis can increment them."""

    def dumps(self, value: object) -> int | bytes:
        """The value for Redis. Raises TypeError for a value that JSON cannot represent."""
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> object:
        """The value of the bytes. Raises ValueError if they are not JSON, such as a pickle."""
        return json.loads(data)
