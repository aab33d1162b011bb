import StreamtopBase
import StreamtopModel

/// Streams of a call that came in from another: the host at the tap forwards them.
enum CallLegs {
    /// `all`: every flow that may bring what goes out in `flows`.
    static func fill(_ call: inout CallSnapshot, _ flows: [FlowSnapshot], _ all: [FlowSnapshot]) {
        for flow in flows {
            for stream in flow.rtp {
                guard let leg = stream.leg, let source = all.first(where: { $0.ice?.ordinal == leg.flow }),
                    let incoming = source.rtp.first(where: { $0.source == leg.source }),
                    isThrough(source, incoming.from, flow, stream.from)
                else { continue }
                call.legs.append(
                    CallLeg(
                        incoming: CallLeg.End(flow: source.identifier, source: leg.source),
                        outgoing: CallLeg.End(flow: flow.identifier, source: stream.source),
                        join: leg.isHashed ? .payloadHash : .pattern, lostIn: leg.lostIn, lostInBox: leg.lostInBox,
                        lostOut: leg.lostOut, delay: leg.delay, confidence: leg.confidence))
            }
        }
    }

    /// What receives the one stream sends the other: the same address, or both are at the tap.
    private static func isThrough(
        _ source: FlowSnapshot, _ from: Direction, _ target: FlowSnapshot, _ to: Direction
    ) -> Bool {
        let receiver = from == .fromClient ? source.server.endpoint : source.client.endpoint
        let sender = to == .fromClient ? target.client.endpoint : target.server.endpoint
        if receiver.address == sender.address { return true }
        return isLocal(receiver, source) && isLocal(sender, target)
    }

    private static func isLocal(_ end: Endpoint, _ flow: FlowSnapshot) -> Bool {
        (CallPairs.isLocalClient(flow, []) ? flow.client.endpoint : flow.server.endpoint) == end
    }
}
