"""What a receiver of OpenTelemetry got, read with the official protobuf messages."""

from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support import hook_receiver


@dataclass(frozen=True)
class Told:
    """One span as it arrived."""

    name: str
    trace: str
    id: str
    parent: str
    service: str
    attributes: dict[str, Any]


def base_of(receiver: hook_receiver.Receiver) -> str:
    """Return the address to set."""
    return receiver.url.partition("/hooks")[0]


def spans(receiver: hook_receiver.Receiver) -> list[Told]:
    """Return every span that has arrived."""
    found = []
    for got in [one for one in receiver.got if one.path == "/v1/traces"]:
        request = ExportTraceServiceRequest.FromString(got.body)
        for of_resource in request.resource_spans:
            service = _read(of_resource.resource.attributes)["service.name"]
            for of_scope in of_resource.scope_spans:
                found += [
                    Told(
                        one.name,
                        one.trace_id.hex(),
                        one.span_id.hex(),
                        one.parent_span_id.hex(),
                        service,
                        _read(one.attributes),
                    )
                    for one in of_scope.spans
                ]
    return found


def _read(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
