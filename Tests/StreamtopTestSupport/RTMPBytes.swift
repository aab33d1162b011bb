/// One direction of RTMP, made message by message.
package struct RTMPBytes {
    package private(set) var bytes: [UInt8] = []
    private var chunkSize = 128

    /// Version and both parts of the handshake.
    package init() { bytes = [3, 0, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 7, count: 2 * 1_536 - 8) }

    package static func text(_ text: String) -> [UInt8] { [2, 0, UInt8(text.utf8.count)] + Array(text.utf8) }
    package static func number(_ value: Double) -> [UInt8] { [0] + MediaBoxes.bytes(value.bitPattern) }
    package static func object(_ members: [(String, [UInt8])]) -> [UInt8] {
        var bytes: [UInt8] = [3]
        for (name, value) in members {
            bytes += [0, UInt8(name.utf8.count)] as [UInt8]
            bytes += Array(name.utf8)
            bytes += value
        }
        bytes += [0, 0, 9] as [UInt8]
        return bytes
    }

    package mutating func add(chunkSize size: UInt32) {
        add(type: 1, chunkStream: 2, MediaBoxes.bytes(size))
        chunkSize = Int(size)
    }

    /// A message on a chunk stream, its first chunk with a full header, the others with none.
    package mutating func add(type: UInt8, chunkStream: UInt8 = 3, timestamp: UInt32 = 0, _ payload: [UInt8]) {
        let isLong = timestamp >= 0xff_ffff
        let time = MediaBoxes.bytes(isLong ? UInt32(0xff_ffff) : timestamp).suffix(3)
        bytes.append(chunkStream)
        bytes += time
        bytes += MediaBoxes.bytes(UInt32(payload.count)).suffix(3)
        bytes += [type, 1, 0, 0, 0] as [UInt8]
        if isLong { bytes += MediaBoxes.bytes(timestamp) }
        for start in stride(from: 0, to: max(1, payload.count), by: chunkSize) {
            if start > 0 {
                bytes.append(0xc0 | chunkStream)
                if isLong { bytes += MediaBoxes.bytes(timestamp) }
            }
            bytes += payload[start..<min(payload.count, start + chunkSize)]
        }
    }

    /// A picture of H.264: two bytes of FLV, a composition offset, data.
    package mutating func addVideo(_ timestamp: UInt32, isKeyFrame: Bool, isHeader: Bool = false, size: Int = 300) {
        let head: [UInt8] = [isKeyFrame ? 0x17 : 0x27, isHeader ? 0 : 1, 0, 0, 0]
        let data = [UInt8](repeating: 0xaa, count: size)
        add(type: 9, chunkStream: 6, timestamp: timestamp, head + data)
    }

    /// A part of an aggregate message: a tag of FLV, of a message stream that nobody reads, with its size behind it.
    package static func part(
        type: UInt8 = 9, _ timestamp: UInt32, _ payload: [UInt8], length: Int? = nil, size: Int? = nil
    ) -> [UInt8] {
        let length = length ?? payload.count
        var bytes: [UInt8] = [type]
        bytes += MediaBoxes.bytes(UInt32(length)).suffix(3)
        bytes += MediaBoxes.bytes(timestamp).suffix(3)
        bytes += [UInt8(timestamp >> 24), 0, 0, 0]
        bytes += payload
        bytes += MediaBoxes.bytes(UInt32(size ?? length + 11))
        return bytes
    }

    package mutating func addAggregate(_ timestamp: UInt32, _ parts: [[UInt8]]) {
        add(type: 22, chunkStream: 7, timestamp: timestamp, Array(parts.joined()))
    }
}
