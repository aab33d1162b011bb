import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Media over QUIC straight on a QUIC connection: the version, and the cadence of groups. Its messages are not read: the drafts move.
package struct MoQTracker: LayerTracker, ~Copyable {
    private var meter = MoQGroupMeter()
    private let name: String
    /// Streams of objects that were opened.
    private var opened = BoundedMap<UInt64, Bool>(capacity: 1_024)

    /// `name`: by which the ends agreed on it.
    package init(name: String) { self.name = name }

    package var heldBytes: Int { MemoryLayout<Self>.stride + opened.count * 48 }

    package mutating func observe(_ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation) {
        let stream = delivery.stream
        switch delivery.content {
        case .bytes:
            guard stream & 2 != 0 else {
                if stream == 0 { meter.observeSetup(bytes, delivery.direction) }
                return
            }
            if opened.insert(true, for: stream) { meter.open(stream) }
            meter.observe(bytes, stream, delivery.direction, at: delivery.time)
        case .gap, .end, .reset: meter.close(stream)
        case .datagram, .stopSending, .restart: break
        }
    }

    /// Who opened a stream shows in its number: where the client was guessed wrong nothing was read right.
    package mutating func exchangeEnds() { self = MoQTracker(name: name) }

    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        flow.protocols.append(ProtocolKind.moq.rawValue)
        flow.moq = meter.snapshot(name: name)
    }
}
