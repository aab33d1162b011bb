import StreamtopBase
import StreamtopModel
import StreamtopWire

/// One end of a connection as sender: what it chose, what it sent, and how its recovery stands.
struct QUICEndpoint: ~Copyable {
    /// Several times the largest handshake known (post-quantum shares, long certificate chains).
    static let messageLimit = 64 * 1024

    static let limits = [
        Limit(
            "QUIC handshake message", messageLimit, .bytes, per: .direction, policy: "a larger one is passed over"),
        Limit(
            "QUIC packets remembered", QUICSentPackets.capacity, per: .direction,
            policy: "the oldest are forgotten, neither acknowledged nor lost"),
        Limit("QUIC connection IDs", QUICConnectionIDSet.capacity, per: .direction, policy: "more are not remembered"),
    ]

    var identifiers = QUICConnectionIDSet()
    var datagrams = QUICDatagramMeter()
    var payloadBytes = 0
    var parameters: QUICTransportParameters?
    /// By number of the level.
    var cryptoStreams: InlineArray<3, TLSHandshakeStream> = InlineArray { _ in
        TLSHandshakeStream(longest: QUICEndpoint.messageLimit)
    }
    var recovery = QUICSenderRecovery()
    var underWay = QUICFlightCount()
    var flight = FlightMeter()
    var window = QUICWindowCourse()
    var course = QUICCongestionCourse()
    /// How far the end is from the capture point, as the newest two measurements have it.
    var distance = QUICDistance()
    /// When its newest datagram passed.
    var lastDatagram = Timestamp(nanoseconds: .min)
    /// None until 1-RTT packets are opened.
    var meters = OnDemand<QUICSenderMeters>()
    /// Frames by kind; empty until one is read.
    private(set) var frameCounts: [Int] = []
    private(set) var flowControlBlocked = 0
    private(set) var streamBytes: UInt64 = 0
    /// Highest stream number of each of the four types plus one (RFC 9000 section 2.1); 0 when the type was not used.
    private var streamCounts: InlineArray<4, UInt64> = InlineArray(repeating: 0)
    /// Tokens that this end may end the connection with.
    var resetTokens: [QUICResetToken] = []
    private let addressOnly = AddressOnly()

    init() {}

    /// A packet in flight passed.
    mutating func follow(_ sending: QUICWindowCourse.Sending) { window.sent(sending, &flight) }

    /// What was under way in a space whose keys are gone (RFC 9002 section 6.4).
    mutating func release(_ bytes: Int, at time: Timestamp) {
        underWay.released(QUICFlightCount.Release(bytes: bytes), distance: 0, at: time)
        flight.update(underWay.bytes)
    }

    /// It cut its window; `next` is the number of the packet that it sends next.
    mutating func cutWindow(next: UInt64) { window.cut(next: next, &flight) }

    mutating func fillMeters() { meters.fill(QUICSenderMeters()) }

    /// Memory that it takes, with the bytes of messages that are not whole and the packets that wait for an acknowledgment.
    @inline(__always)
    var heldBytes: Int {
        var held = MemoryLayout<Self>.stride + recovery.heldBytes
        for level in 0..<3 { held += cryptoStreams[level].heldBytes }
        return held
    }

    mutating func count(_ frame: QUICFrame) {
        if frameCounts.isEmpty { frameCounts = Array(repeating: 0, count: QUICFrameKind.allCases.count) }
        frameCounts[Int(frame.kind.rawValue)] += 1
        switch frame {
        case .dataBlocked, .streamDataBlocked:
            flowControlBlocked += 1
            course.noteBlocked()
        case .stream(let identifier, _, let data, _):
            streamBytes &+= UInt64(data.count)
            let type = Int(identifier & 3)
            streamCounts[type] = max(streamCounts[type], (identifier >> 2) + 1)  // identifiers stay below 2^62
        default: break
        }
    }

    /// Streams this end sent on.
    var streamCount: Int {
        var sum: UInt64 = 0
        for type in 0..<4 { sum = sum &+ streamCounts[type] }  // four numbers below 2^60
        return Int(clamping: sum)
    }

    var frameSnapshot: [QUICFrameCount] {
        zip(QUICFrameKind.allCases, frameCounts).filter { $0.1 > 0 }.map {
            QUICFrameCount(name: $0.0.name, count: $0.1)
        }
    }

    /// The delay field of this end's ACK frames in nanoseconds, bounded by what it promised (RFC 9002 section 5.3).
    func ackDelay(_ field: UInt64) -> Nanoseconds {
        let exponent = min(20, parameters?.integer(.ackDelayExponent) ?? 3)
        let limit = min(16_384, parameters?.integer(.maxAckDelay) ?? 25) * 1_000
        let microseconds = field > limit >> exponent ? limit : min(limit, field << exponent)
        return Int64(microseconds) * 1_000  // at most 16 seconds
    }
}
