import StreamtopBase

/// Sizes of one direction's datagrams, read as path-MTU probing (RFC 9000 section 14.3, RFC 8899).
struct QUICDatagramMeter: Sendable {
    /// A step up that is no probe's: packets vary by a few bytes.
    private static let probeStep = 20

    private(set) var largest = 0
    /// Largest payload seen at least twice: the path carries it.
    private(set) var sustained = 0
    private(set) var probes = 0
    private(set) var ectPackets = 0
    private(set) var cePackets = 0

    init() {}

    /// One datagram with `size` bytes of UDP payload and the ECN bits of its IP header.
    mutating func record(size: Int, ecn: UInt8) {
        if size > largest {
            if largest >= 1200, size >= largest + Self.probeStep { probes += 1 }
            largest = size
        } else if size > sustained, size + Self.probeStep > largest || size >= 1200 {
            sustained = size
        }
        switch ecn & 3 {
        case 1, 2: ectPackets &+= 1
        case 3:
            ectPackets &+= 1
            cePackets &+= 1
        default: break
        }
    }
}
