import StreamtopApplication
import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// The STUN of one flow: transactions and relaying, and the connectivity checks among them.
struct STUNFlow: LayerTracker, ~Copyable {
    private var stun: STUNTracker
    private var checks = ICECheckTracker()
    private let ordinal: UInt64

    /// `ordinal` is the flow's identity: the number of the frame that opened it.
    init(transport: ProtocolKind, ordinal: UInt64) {
        stun = STUNTracker(transport: transport.rawValue)
        self.ordinal = ordinal
    }

    /// A datagram of the flow belongs to STUN or TURN.
    func accepts(_ datagram: RawSpan) -> Bool { stun.accepts(datagram) }

    mutating func observe(_ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation) {
        stun.observe(bytes, delivery, &now)
        guard delivery.range != nil else { return }
        var reader = ByteReader(bytes)
        guard let message = (try? STUNMessage(decoding: &reader)) ?? STUNMessage(decodingCut: bytes) else { return }
        checks.observe(message, &now)
    }

    mutating func exchangeEnds() {
        stun.exchangeEnds()
        checks.exchangeEnds()
    }

    func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        stun.report(into: &flow, at: time)
        guard checks.isKnown else { return }
        if !flow.protocols.contains(ProtocolKind.stun.rawValue) { flow.protocols.append(ProtocolKind.stun.rawValue) }
        var ice = checks.report
        ice.ordinal = ordinal
        flow.ice = ice
        flow.roundTrip.server = flow.roundTrip.server ?? ice.client.roundTrip
        flow.roundTrip.client = flow.roundTrip.client ?? ice.server.roundTrip
    }
}
