/// Takes the mask off a payload (RFC 6455 section 5.3).
package enum WebSocketMask {
    /// Appends `payload` without its mask to `output`. `position`: where in the frame's payload it begins.
    package static func append(
        _ payload: RawSpan, mask: UInt32?, at position: UInt64, to output: inout [UInt8]
    ) {
        var reader = ByteReader(payload)
        let start = output.count
        reader.append(reader.remaining, to: &output)
        guard let mask, mask != 0 else { return }
        var offset = position
        for index in start..<output.count {
            output[index] ^= UInt8(truncatingIfNeeded: mask >> (24 - 8 * UInt32(offset & 3)))
            offset &+= 1
        }
    }
}
