import StreamtopBase
import StreamtopModel

/// One end of a TCP flow, read in place: to copy an end's facts costs more than most rules.
struct TCPEndpointFacts: Sendable {
    private let flow: Boxed<TCPSnapshot>.Box
    private let end: Direction

    init(_ flow: Boxed<TCPSnapshot>.Box, _ end: Direction) {
        self.flow = flow
        self.end = end
    }

    @inline(__always)
    private func read<Value>(_ body: (borrowing TCPEndpointSnapshot) -> Value) -> Value { flow.value.read(end, body) }

    var mssBytes: Int? { read { $0.mssBytes } }
    var windowScale: Int? { read { $0.windowScale } }
    var areOptionsWhole: Bool { read { $0.areOptionsWhole } }
    var timestamps: Bool? { read { $0.timestamps } }
    var ecnNegotiated: Bool? { read { $0.ecnNegotiated } }
    var segments: Int { read { $0.segments } }
    var dataSegments: Int { read { $0.sender.dataPackets } }
    var smallSegments: Int { read { $0.smallSegments } }
    var displacedSegments: Int { read { $0.displacedSegments } }
    var retransmissions: RetransmissionCounts { read { $0.retransmissions } }
    var timeouts: Int { read { $0.timeouts } }
    var longestBackoff: Int? { read { $0.longestBackoff } }
    var recoveries: Int? { read { $0.recoveries } }
    var tailRecoveries: Int? { read { $0.tailRecoveries } }
    var dsacks: Int { read { $0.dsacks } }
    var brokenSACKOffset: Int? { read { $0.brokenSACKOffset } }
    var delayedAckWaits: Int { read { $0.delayedAckWaits } }
    var delayedAckWait: Nanoseconds? { read { $0.delayedAckWait } }
    var peerGone: PeerGone? { read { $0.peerGone } }
    var receiveWindow: ReceiveWindowSnapshot? { read { $0.receiveWindow } }
    var windowFull: Int { read { $0.windowFull } }
    var zeroWindows: Int { read { $0.zeroWindows } }
    var zeroWindowEpisodes: Int { read { $0.zeroWindowEpisodes } }
    var zeroWindowTime: Nanoseconds { read { $0.zeroWindowTime } }
}
