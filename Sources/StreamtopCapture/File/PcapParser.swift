import StreamtopBase

/// Classic capture files: https://www.tcpdump.org/manpages/pcap-savefile.5.html and draft-ietf-opsawg-pcap.
///
///     file:    magic  major minor  thiszone  sigfigs  snaplen  linktype        24 bytes
///     record:  seconds  fraction  captured length  wire length                 16 bytes, then the frame
///
/// The modified format of A. Kuznetzov adds interface index, protocol, packet type and padding: 24 bytes a record.
struct PcapParser {
    static let fileHeaderLength = 24

    let isSwapped: Bool
    private let isNanosecond: Bool
    private let recordHeaderLength: Int
    /// Before version 2.4 the two lengths could stand the other way round (libpcap's `MAYBE_SWAPPED`).
    private let lengthsMayBeExchanged: Bool
    private let linkType: LinkType
    private let maximumCaptured: Int
    let interface: InterfaceFacts

    /// Tells a classic capture by its first four bytes, read in our own byte order.
    static func isMagic(_ value: UInt32) -> Bool {
        [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34].contains(value)
            || [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34].contains(value.byteSwapped)
    }

    /// Reads the file header. Needs `fileHeaderLength` bytes that start with a magic number.
    init(header bytes: RawSpan) {
        let own = FileWords(bytes, isSwapped: false).uint32(at: 0)
        isSwapped = own & 0xff != 0xd4 && own & 0xff != 0x4d && own & 0xff != 0x34
        let words = FileWords(bytes, isSwapped: isSwapped)
        let magic = words.uint32(at: 0)
        isNanosecond = magic == 0xa1b2_3c4d
        recordHeaderLength = magic == 0xa1b2_cd34 ? 24 : 16
        lengthsMayBeExchanged = words.uint16(at: 4) != 2 || words.uint16(at: 6) < 4
        let snaplen = words.uint32(at: 16)
        let link = words.uint32(at: 20)
        linkType = LinkType(rawValue: link & 0xffff)
        // A snapshot length of 0 or above 2^31 is a writer's way to say "none".
        let limit = snaplen == 0 || snaplen > UInt32(Int32.max) ? nil : Int(snaplen)
        maximumCaptured = max(CaptureLimits.frameBytes, min(limit ?? 0, CaptureLimits.blockBytes))
        // Bit 26: the FCS length in 16-bit words in the top four bits is valid.
        let fcsLength = link & 0x0400_0000 != 0 ? Int(link >> 28) * 2 : nil
        interface = InterfaceFacts(linkType: linkType, snaplen: limit, fcsLength: fcsLength)
    }

    /// Appends the whole records of `bytes` from `start` on to `frames`.
    func parse(_ bytes: RawSpan, from start: Int, into frames: inout [FrameRecord]) -> ParseStop {
        let words = FileWords(bytes, isSwapped: isSwapped)
        let end = bytes.byteCount
        var at = start
        var stop: ParseStop?
        // Some at a time, so that the array is not asked for each whether it is alone and large enough. Ends: every pass moves
        // `at` forward by a record header at least, or stops.
        while end &- at >= recordHeaderLength, stop == nil {
            frames.append(addingCapacity: Self.batch) { frames in
                stop = parse(words, from: &at, to: end, into: &frames)
            }
        }
        return stop ?? .needMore(consumed: at, inside: "a packet record")
    }

    /// Records that are made room for at once.
    private static let batch = 64

    /// Appends records until there is no room for more; a reason to stop before.
    @inline(__always)
    private func parse(
        _ words: FileWords, from at: inout Int, to end: Int, into frames: inout OutputSpan<FrameRecord>
    ) -> ParseStop? {
        while end &- at >= recordHeaderLength, !frames.isFull {
            let (seconds, fraction, first, second) = words.fourWords(at: at)
            var captured = Int(first)
            var wire = Int(second)
            if captured > wire, lengthsMayBeExchanged { swap(&captured, &wire) }
            guard captured <= maximumCaptured else {
                return .damaged(at: at, reason: "a packet record claims \(captured) captured bytes")
            }
            // Both below 2^25, so the sums cannot overflow.
            let size = recordHeaderLength &+ captured
            guard end &- at >= size else {
                return .needMore(consumed: at, inside: "a packet record")
            }
            // seconds < 2^32: the product is below 2^62; the fraction is below 2^32 * 1000.
            let nanoseconds = Int64(seconds) &* 1_000_000_000 &+ Int64(fraction) &* (isNanosecond ? 1 : 1000)
            frames.append(
                FrameRecord(
                    time: Timestamp(nanoseconds: nanoseconds), offset: at &+ recordHeaderLength,
                    capturedLength: captured, wireLength: wire, linkType: linkType, interface: 0))
            at &+= size
        }
        return nil
    }
}
