/// Bytes of an RTP packet, for tests.
package struct RTPPacketBuilder {
    package var payloadType: UInt8 = 96
    package var sequence: UInt16 = 0
    package var timestamp: UInt32 = 0
    package var source: UInt32 = 0x1234_5678
    package var isMarked = false
    /// Bytes of padding, the count included; 0 for none.
    package var padding: UInt8 = 0
    /// Elements of a one-byte header extension (RFC 8285), by number.
    package var extensions: [(UInt8, [UInt8])] = []
    package var contributors: [UInt32] = []
    package var payload = [UInt8](repeating: 0x7f, count: 100)

    package init() {}

    package var bytes: [UInt8] {
        var out: [UInt8] = [
            0x80 | (padding > 0 ? 0x20 : 0) | (extensions.isEmpty ? 0 : 0x10) | UInt8(contributors.count)
        ]
        out.append(payloadType | (isMarked ? 0x80 : 0))
        out += Self.bytes(UInt32(sequence), 2) + Self.bytes(timestamp, 4) + Self.bytes(source, 4)
        for contributor in contributors { out += Self.bytes(contributor, 4) }
        if !extensions.isEmpty {
            var data: [UInt8] = []
            for (number, value) in extensions { data += [number << 4 | UInt8(value.count - 1)] + value }
            while data.count % 4 != 0 { data.append(0) }
            out += [0xbe, 0xde] + Self.bytes(UInt32(data.count / 4), 2) + data
        }
        out += payload
        if padding > 0 { out += [UInt8](repeating: 0, count: Int(padding) - 1) + [padding] }
        return out
    }

    package static func bytes(_ value: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt32($0 * 8)) }
    }
}
