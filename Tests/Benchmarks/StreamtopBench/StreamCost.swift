import Foundation
import StreamtopBase
import StreamtopTestSupport

/// Captures of SRTP: many streams that have nothing to do with each other, or those of a box that forwards. Payloads are noise, as
/// ciphertext is, and none can be opened.
struct StreamCost {
    /// Streams that come in; 0 where nothing is forwarded.
    var incoming = 0
    var streams: Int
    var seconds: Int

    static let packetsPerSecond = 50
    private static let payloadBytes = 100

    /// Gives the number of packets.
    func write(to path: String) throws -> Int {
        var writer = try FloodWriter(path: path)
        var random = SeededRandom(seed: 50)
        let box = Endpoint(address: IPAddress(v4: 0x0a63_0001), port: 10_000)
        let step = UInt64(1_000_000_000 / Self.packetsPerSecond / streams)
        var payloads: [[UInt8]] = Array(repeating: [], count: max(1, incoming))
        for tick in 0..<(seconds * Self.packetsPerSecond) {
            for number in 0..<streams {
                let client = Endpoint(address: IPAddress(v4: 0x0a00_0001 + UInt32(number)), port: 20_000)
                let source = incoming == 0 ? number : number % incoming
                let isIncoming = incoming == 0 || number < incoming
                if isIncoming {
                    payloads[source % payloads.count] = (0..<Self.payloadBytes / 8).flatMap { _ in
                        RTPPacketBuilder.bytes(UInt32.random(in: 0...UInt32.max, using: &random), 4)
                            + RTPPacketBuilder.bytes(UInt32.random(in: 0...UInt32.max, using: &random), 4)
                    }
                }
                var packet = RTPPacketBuilder()
                packet.payloadType = 111
                // Each stream loses a packet in two hundred before the tap.
                packet.sequence = UInt16(truncatingIfNeeded: tick + (tick + number) / 200)
                packet.timestamp = UInt32(truncatingIfNeeded: tick * 960)
                packet.source = UInt32(0x1_0000 + number)
                packet.payload = payloads[source % payloads.count]
                try writer.udp(isIncoming ? client : box, isIncoming ? box : client, packet.bytes, after: step)
            }
        }
        let packets = writer.packets
        try writer.close()
        return packets
    }
}
