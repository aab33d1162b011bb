import StreamtopBase
import StreamtopModel

/// One end of a flow as a sender of data, read in place in the section of its transport: to copy it costs more than most rules.
struct SenderFacts: Sendable {
    private let section: Section
    private let end: Direction

    private enum Section: Sendable {
        case tcp(Boxed<TCPSnapshot>.Box)
        case quic(Boxed<QUICSnapshot>.Box)
    }

    /// nil where the flow's transport says nothing of its senders.
    init?(_ flow: borrowing FlowSnapshot, _ end: Direction) {
        if let tcp = flow.$tcp {
            section = .tcp(tcp)
        } else if let quic = flow.$quic {
            section = .quic(quic)
        } else {
            return nil
        }
        self.end = end
    }

    @inline(__always)
    func read<Value>(_ body: (borrowing SenderSnapshot) -> Value) -> Value {
        switch section {
        case .tcp(let box): box.value.read(end) { body($0.sender) }
        case .quic(let box): end == .fromClient ? body(box.value.client.sender) : body(box.value.server.sender)
        }
    }

    var dataPackets: Int { read { $0.dataPackets } }
    var uniqueBytes: UInt64 { read { $0.uniqueBytes } }
    var fullPacket: Int? { read { $0.fullPacket } }
    var missedBytes: UInt64 { read { $0.missedBytes } }
    var outOfOrder: Int { read { $0.outOfOrder } }
    var reorderExtent: Int { read { $0.reorderExtent } }
    var ectPackets: Int { read { $0.ectPackets } }
    var cePackets: Int { read { $0.cePackets } }
    var maxRate: Double? { read { $0.maxRate } }
    var goodput: Double? { read { $0.goodput } }
    var initialWindowBytes: Int? { read { $0.initialWindowBytes } }
    var inFlight: InFlightSnapshot? { read { $0.inFlight } }
    var congestionControl: CongestionControlSnapshot? { read { $0.congestionControl } }
    var limitedBy: LimitShares? { read { $0.limitedBy } }
    var sendBufferLimited: Nanoseconds? { read { $0.sendBufferLimited } }
    var idleRestarts: Int? { read { $0.idleRestarts } }
    var idlePeriods: Int? { read { $0.idlePeriods } }
    var loss: LossCounts { read { $0.loss } }
    var lossRatio: Double? { read { $0.lossRatio } }
    var heldForLost: Int? { read { $0.heldForLost } }
    var falselyHeld: Int? { read { $0.falselyHeld } }
    var waits: SenderWaits? { read { $0.waits } }
    var flightDelayCorrelation: Double? { read { $0.flightDelayCorrelation } }
    var unsettledJump: Nanoseconds? { read { $0.unsettledJump } }
}
