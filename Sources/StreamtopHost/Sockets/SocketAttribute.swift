import StreamtopBase
import StreamtopModel

/// Attributes of a socket's answer, by their numbers in linux/inet_diag.h; each is read as far as it is long.
enum SocketAttribute {
    static let information: UInt16 = 2
    static let vegas: UInt16 = 3
    static let congestionControl: UInt16 = 4
    static let trafficClass: UInt16 = 5
    static let memory: UInt16 = 7
    static let dctcp: UInt16 = 9
    static let bbr: UInt16 = 16
    static let upperProtocol: UInt16 = 19
    static let cgroup: UInt16 = 21

    static func apply(_ type: UInt16, _ value: RawSpan, to socket: inout KernelSocket) {
        switch type {
        case information: TCPInformation.apply(value, to: &socket)
        case congestionControl:
            let name = value.text
            socket.congestionControl = name.isEmpty ? nil : name
        case vegas: socket.vegas = vegas(value)
        case bbr: socket.bbr = bbr(value)
        case dctcp: socket.dctcp = dctcp(value)
        case memory: socket.memory = memory(value)
        case trafficClass: socket.trafficClass = value.uint8(at: 0)
        case upperProtocol: applyUpperProtocol(value, to: &socket)
        case cgroup: socket.cgroup = value.uint64(at: 0)
        default: break  // of a newer kernel
        }
    }

    /// SK_MEMINFO (linux/sock_diag.h): nine words, fewer where the kernel is older.
    static func memory(_ value: RawSpan) -> SocketMemory? {
        guard let received = value.count(at: 0), let receiveLimit = value.count(at: 4),
            let handedDown = value.count(at: 8), let sendLimit = value.count(at: 12)
        else { return nil }
        var memory = SocketMemory(
            received: received, receiveLimit: receiveLimit, handedDown: handedDown, sendLimit: sendLimit)
        memory.queued = value.count(at: 20)
        memory.backlog = value.count(at: 28)
        memory.drops = value.uint32(at: 32).map(UInt64.init)
        return memory
    }

    private static func bbr(_ value: RawSpan) -> BBRState? {
        guard let low = value.uint32(at: 0), let high = value.uint32(at: 4) else { return nil }
        var state = BBRState(bandwidth: Double(UInt64(low) | UInt64(high) << 32) * 8)
        state.minimumRoundTrip = value.uint32(at: 8).flatMap { $0 == .max ? nil : Nanoseconds($0) * 1_000 }
        state.pacingGain = value.uint32(at: 12).map { Double($0) / 256 }
        state.windowGain = value.uint32(at: 16).map { Double($0) / 256 }
        return state
    }

    private static func dctcp(_ value: RawSpan) -> DCTCPState? {
        guard let isEnabled = value.uint16(at: 0), let alpha = value.uint32(at: 4) else { return nil }
        return DCTCPState(isEnabled: isEnabled != 0, markedShare: min(1, Double(alpha) / 1024))
    }

    private static func vegas(_ value: RawSpan) -> VegasState? {
        guard let isEnabled = value.uint32(at: 0), let count = value.uint32(at: 4), let trip = value.uint32(at: 8),
            let least = value.uint32(at: 12)
        else { return nil }
        return VegasState(
            isEnabled: isEnabled != 0, roundTrips: count, roundTrip: Nanoseconds(trip) * 1_000,
            minimumRoundTrip: Nanoseconds(least) * 1_000)
    }

    /// INET_ULP_INFO_NAME (1) and _MPTCP (3).
    private static func applyUpperProtocol(_ value: RawSpan, to socket: inout KernelSocket) {
        Netlink.forEachAttribute(in: value) { type, value in
            switch type {
            case 1: socket.upperProtocol = value.text.isEmpty ? nil : value.text
            case 3: socket.multipath = MultipathMessage.subflow(value)
            default: break
            }
        }
    }
}

/// `tcp_info` (linux/tcp.h), by offset: every kernel appends, none moves. What lies past the end is not known.
enum TCPInformation {
    private static let noThreshold: UInt32 = 0x7fff_ffff
    private static let hasScaling: UInt8 = 4

    static func apply(_ info: RawSpan, to socket: inout KernelSocket) {
        guard socket.state != .listening else { return }  // its fields have other meanings there
        socket.recovery = info.uint8(at: 1).flatMap(RecoveryState.init(rawValue:))
        socket.backoff = info.uint8(at: 4).map(Int.init)
        if let options = info.uint8(at: 5), options & hasScaling != 0, let scales = info.uint8(at: 6) {
            socket.peerScale = Int(scales & 15)
            socket.ownScale = Int(scales >> 4)
        }
        socket.isApplicationLimited = info.uint8(at: 7).map { $0 & 1 != 0 }
        socket.retransmissionTimeout = info.uint32(at: 8).map(microseconds)
        windows(info, &socket)
        // 0: no round trip was measured yet.
        socket.smoothedRoundTrip = info.uint32(at: 68).flatMap { $0 == 0 ? nil : microseconds($0) }
        socket.roundTripVariation = socket.smoothedRoundTrip == nil ? nil : info.uint32(at: 72).map(microseconds)
        socket.minimumRoundTrip = info.uint32(at: 148).flatMap { $0 == .max || $0 == 0 ? nil : microseconds($0) }
        socket.retransmissions = info.count(at: 100)
        // All ones: no limit.
        socket.pacingRate = info.uint64(at: 104).flatMap { $0 == .max || $0 == 0 ? nil : Double($0) * 8 }
        socket.deliveryRate = info.uint64(at: 160).flatMap { $0 == 0 ? nil : Double($0) * 8 }
        socket.acknowledgedBytes = info.uint64(at: 120)
        socket.receivedBytes = info.uint64(at: 128)
        socket.sentBytes = info.uint64(at: 200)
        socket.notSent = info.count(at: 144)
        socket.busy = info.uint64(at: 168).map(microseconds)
        socket.receiverLimited = info.uint64(at: 176).map(microseconds)
        socket.sendBufferLimited = info.uint64(at: 184).map(microseconds)
        socket.deliveredPackets = info.count(at: 192)
        socket.markedPackets = info.count(at: 196)
        socket.peerWindow = info.count(at: 228)
        socket.receiveWindow = info.count(at: 232)
    }

    private static func windows(_ info: RawSpan, _ socket: inout KernelSocket) {
        guard let size = info.count(at: 16), size > 0 else { return }
        socket.segmentSize = size
        // At most 2^32 segments of at most 2^32 bytes would overflow: products saturate.
        if let packets = info.count(at: 80) {
            socket.congestionWindowPackets = packets
            socket.congestionWindow = bytes(packets, of: size)
        }
        if let threshold = info.uint32(at: 76), threshold < noThreshold {
            socket.slowStartThreshold = bytes(Int(threshold), of: size)
        }
        if let unacknowledged = info.count(at: 24), let sacked = info.count(at: 28), let lost = info.count(at: 32),
            let again = info.count(at: 36)
        {
            socket.lostPackets = lost
            socket.inFlight = bytes(max(0, unacknowledged - sacked - lost + again), of: size)
        }
    }

    private static func bytes(_ segments: Int, of size: Int) -> Int {
        let (product, overflow) = segments.multipliedReportingOverflow(by: size)
        return overflow ? .max : product
    }

    private static func microseconds(_ value: UInt32) -> Nanoseconds { Nanoseconds(value) * 1_000 }

    private static func microseconds(_ value: UInt64) -> Nanoseconds {
        let (product, overflow) = Int64(clamping: value).multipliedReportingOverflow(by: 1_000)
        return overflow ? .max : product
    }
}
