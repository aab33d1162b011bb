import StreamtopBase

/// Where a frame's decoding stands: a reader over the captured bytes of the innermost enclosure, and the offset at which
/// that enclosure ended on the wire. Each layer is an extension of this type that reads one header and says what follows.
///
/// The two ends differ when the capture cut the frame. Too few captured bytes are `truncated`; too few bytes on the wire
/// are `malformed`.
struct FrameCursor: ~Escapable {
    var reader: ByteReader
    /// Offset from the start of the frame at which the enclosure ends on the wire.
    var wireEnd: Int
    /// Offset at which the whole frame ended on the wire.
    private let frameEnd: Int
    /// Offset of the innermost IP header, -1 before one was found.
    var networkStart = -1
    /// Headers read so far.
    var layers = 0
    /// The packet is a first fragment: what it carries is incomplete, so tunnels inside it are left alone.
    var isFragment = false
    /// Inside a tunnel that only a UDP port suggested. Until an IP header has confirmed it, nothing may be odd.
    var isGuess = false

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, wireLength: Int) {
        reader = ByteReader(bytes)
        wireEnd = max(wireLength, bytes.byteCount)
        frameEnd = wireEnd
    }

    /// Bytes of the enclosure that are left on the wire.
    var wireRemaining: Int { max(0, wireEnd &- reader.offset) }  // both within a frame's size

    /// Throws unless `count` bytes are left; the cause tells a short capture from a short enclosure.
    func require(_ count: Int, in layer: Layer) throws(DecodeError) {
        guard reader.remaining >= count else { throw shortage(count, in: layer) }
    }

    /// Out of line: errors are rare and their construction would crowd the decoders.
    @inline(never)
    private func shortage(_ count: Int, in layer: Layer) -> DecodeError {
        wireRemaining >= count
            ? DecodeError(
                layer: layer, offset: reader.offset,
                cause: .truncated(needed: count, available: reader.remaining))
            : reader.malformed(layer, .lengthBeyondEnclosure)
    }

    /// Enters an enclosure of `length` bytes from here and gives up the padding behind it.
    @_lifetime(self: copy self)
    mutating func enclose(_ length: Int) {
        wireEnd = reader.offset &+ length  // length is at most 32 bits on a 64-bit offset
        reader.narrow(to: length)
    }

    /// An IP header claims more than its enclosure holds. Beyond the end of the frame it is believed: the capture lost the
    /// true length. Inside the frame it is not: what lies there is padding that the enclosing header left out.
    mutating func overrun(to end: Int) {
        if wireEnd >= frameEnd || end > frameEnd { wireEnd = end }
    }

    /// Notes that everything from here to the end of the enclosure is the payload.
    func notePayload(into frame: inout DecodedFrame) {
        frame.payloadOffset = reader.offset
        frame.payloadCaptured = reader.remaining
        frame.payloadLength = wireRemaining
    }
}

/// What a header says comes next.
enum NextLayer {
    case link(LinkType)
    case ethernet
    case etherType(UInt16)
    /// IEEE 802.2 logical link control.
    case logicalLink
    /// IEEE 802.11, from its frame control field.
    case wireless
    case ppp
    case mpls
    /// IPv4 or IPv6, by the version in the first four bits.
    case ip
    case ipv4
    case ipv6
    /// The IP protocol with this number, extension headers included.
    case upper(UInt8)
    case tunnel(TunnelKind)
    /// Nothing that gets a decoder here.
    case complete
}
