import StreamtopBase
import StreamtopTestSupport

/// A small classic pcap file (microseconds, Ethernet): one TCP connection that is opened, used and closed.
enum SampleCapture {
    static let client: Endpoint = "10.0.0.1:40000"
    static let server: Endpoint = "10.0.0.2:80"

    /// - Parameters:
    ///   - requests: data segments of the client; each is acknowledged.
    ///   - spacing: microseconds between frames.
    static func bytes(requests: Int = 5, spacing: Int = 10_000) -> [UInt8] {
        header + frames(requests: requests).enumerated().flatMap { record($1, at: $0 * spacing) }
    }

    enum Damage: CaseIterable {
        /// The last record promises more than there is.
        case cutShort
        /// A record in the middle is no record.
        case overwritten
    }

    static func bytes(with damage: Damage) -> [UInt8] {
        switch damage {
        case .cutShort: return Array(bytes().dropLast(7))
        case .overwritten:
            let frames = frames(requests: 5)
            let good = frames.prefix(4).enumerated().flatMap { record($1, at: $0 * 10_000) }
            return header + good + [UInt8](repeating: 0xff, count: 64)
        }
    }

    private static var header: [UInt8] {
        little(0xa1b2_c3d4) + [2, 0, 4, 0] + little(0) + little(0) + little(65_535) + little(1)
    }

    private static func frames(requests: Int) -> [[UInt8]] {
        var frames = [
            PacketBuilder.tcpFrame(from: client, to: server, sequence: 100, flags: 0x02),
            PacketBuilder.tcpFrame(from: server, to: client, sequence: 900, acknowledgment: 101, flags: 0x12),
            PacketBuilder.tcpFrame(from: client, to: server, sequence: 101, acknowledgment: 901, flags: 0x10),
        ]
        let payload = [UInt8](repeating: 0x61, count: 100)
        var sequence: UInt32 = 101
        for _ in 0..<requests {
            frames.append(
                PacketBuilder.tcpFrame(
                    from: client, to: server, sequence: sequence, acknowledgment: 901, flags: 0x18, payload: payload))
            sequence += UInt32(payload.count)
            frames.append(
                PacketBuilder.tcpFrame(from: server, to: client, sequence: 901, acknowledgment: sequence, flags: 0x10))
        }
        frames.append(
            PacketBuilder.tcpFrame(from: client, to: server, sequence: sequence, acknowledgment: 901, flags: 0x11))
        frames.append(
            PacketBuilder.tcpFrame(from: server, to: client, sequence: 901, acknowledgment: sequence + 1, flags: 0x11))
        frames.append(
            PacketBuilder.tcpFrame(from: client, to: server, sequence: sequence + 1, acknowledgment: 902, flags: 0x10))
        return frames
    }

    private static func little(_ value: UInt32) -> [UInt8] { bytes32(value).reversed() }

    private static func record(_ frame: [UInt8], at microseconds: Int) -> [UInt8] {
        let length = little(UInt32(frame.count))
        let seconds = 1_700_000_000 + microseconds / 1_000_000
        return little(UInt32(seconds)) + little(UInt32(microseconds % 1_000_000)) + length + length + frame
    }
}
