import Foundation

/// Writes sealed traffic as pcap files, with the key log beside them.
enum SealedCapture {
    /// A QUIC download; returns how many packets.
    static func writeQUIC(_ datagrams: [SealedTraffic.Datagram], to path: String) throws -> Int {
        var writer = Writer()
        for datagram in datagrams {
            let length = UInt64(8 + datagram.bytes.count)
            let ports: [UInt8] = datagram.fromClient ? [0xc3, 0x50, 1, 0xbb] : [1, 0xbb, 0xc3, 0x50]
            writer.packet(
                17, fromClient: datagram.fromClient, ports + SealedTraffic.big(length, 2) + [0, 0], datagram.bytes)
        }
        try Data(writer.bytes).write(to: URL(fileURLWithPath: path))
        return datagrams.count
    }

    /// A TLS download over TCP with its handshake, an acknowledgment for every second segment; returns how many packets.
    static func writeTLS(_ streams: (client: [UInt8], server: [UInt8]), to path: String) throws -> Int {
        var writer = Writer()
        var next: (client: UInt64, server: UInt64) = (1_000, 5_000)
        func segment(_ fromClient: Bool, flags: UInt8, _ payload: ArraySlice<UInt8> = []) {
            let ports: [UInt8] = fromClient ? [0xc3, 0x51, 1, 0xbb] : [1, 0xbb, 0xc3, 0x51]
            let numbers = fromClient ? (next.client, next.server) : (next.server, next.client)
            let header = SealedTraffic.big(numbers.0, 4) + SealedTraffic.big(flags == 2 ? 0 : numbers.1, 4)
            writer.packet(
                6, fromClient: fromClient, ports + header + [0x50, flags, 0xff, 0xff, 0, 0, 0, 0], Array(payload))
            let consumed = UInt64(payload.count) + (flags & 2 != 0 ? 1 : 0)
            if fromClient { next.client += consumed } else { next.server += consumed }
        }
        segment(true, flags: 2)
        segment(false, flags: 0x12)
        segment(true, flags: 0x10)
        let helloLength = 5 + Int(streams.client[3]) << 8 + Int(streams.client[4])
        segment(true, flags: 0x18, streams.client[..<helloLength])
        var position = 0
        var sent = 0
        while position < streams.server.count {
            let end = min(streams.server.count, position + 1448)
            segment(false, flags: 0x18, streams.server[position..<end])
            position = end
            sent += 1
            if sent == 1 { segment(true, flags: 0x18, streams.client[helloLength...]) }
            if sent % 2 == 0 { segment(true, flags: 0x10) }
        }
        try Data(writer.bytes).write(to: URL(fileURLWithPath: path))
        return writer.count
    }

    /// A pcap file in memory, packets 12 microseconds apart.
    private struct Writer {
        var bytes: [UInt8] = [
            0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0,
        ]
        var count = 0

        mutating func packet(_ transport: UInt8, fromClient: Bool, _ header: [UInt8], _ payload: [UInt8]) {
            let time = 1_700_000_000_000_000_000 + UInt64(count) * 12_000
            count += 1
            let network = 20 + header.count + payload.count
            for value in [time / 1_000_000_000, time % 1_000_000_000, UInt64(14 + network), UInt64(14 + network)] {
                bytes += SealedTraffic.big(value, 4).reversed()
            }
            bytes += [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0] + SealedTraffic.big(UInt64(network), 2)
            bytes += [0, 1, 0x40, 0, 64, transport, 0, 0]
            let (client, server): ([UInt8], [UInt8]) = ([10, 0, 0, 7], [192, 0, 2, 1])
            bytes += fromClient ? client + server : server + client
            bytes += header
            bytes += payload
        }
    }
}
