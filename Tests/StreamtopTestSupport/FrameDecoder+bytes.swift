import StreamtopBase
import StreamtopWire

extension FrameDecoder {
    /// Decodes a frame given as an array; `wireLength` is its own length unless the capture is to have cut it.
    package func decoded(
        _ bytes: [UInt8], wireLength: Int? = nil, linkType: LinkType = .ethernet
    ) -> DecodedFrame {
        var frame = DecodedFrame()
        unsafe decode(bytes.span.bytes, wireLength: wireLength ?? bytes.count, linkType: linkType, into: &frame)
        return frame
    }
}
