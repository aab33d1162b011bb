import StreamtopBase
import StreamtopTestSupport
import StreamtopWire

/// Link types that the decoder knows, and one that it does not.
private let linkTypes: [LinkType] = [
    .ethernet, .linuxCooked, .linuxCooked2, .rawIP, .null, .loop, .ppp, .pppHDLC, .cHDLC, .ipv4, .ipv6,
    LinkType(rawValue: 127), LinkType(rawValue: 105), LinkType(rawValue: 999),
]

func fuzzFrame(_ bytes: [UInt8]) {
    guard bytes.count > 2 else { return }
    let link = linkTypes[Int(bytes[0]) % linkTypes.count]
    let body = Array(bytes[2...])
    var frame = DecodedFrame()
    // A wire length that is right, longer, or a lie.
    let wireLength = body.count + (bytes[1] & 1 == 0 ? 0 : Int(bytes[1]) * 16)
    let span = unsafe body.span.bytes  // UInt8 has no padding
    FrameDecoder().decode(span, wireLength: wireLength, linkType: link, into: &frame)
    precondition(frame.payloadCaptured >= 0 && frame.payloadCaptured <= max(0, body.count - frame.payloadOffset))
    precondition(frame.payloadLength >= 0)
    // Header by header, the same comes out.
    var walked = DecodedFrame()
    FrameDecoder().decodeAny(span, wireLength: wireLength, linkType: link, into: &walked)
    precondition(frame.differences(from: walked).isEmpty)
}
