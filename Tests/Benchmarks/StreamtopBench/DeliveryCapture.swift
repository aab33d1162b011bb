import Foundation
import StreamtopTestSupport

/// Writes a capture of players of low-latency DASH over HTTP/1.1, each with an address and a connection of its own: the manifest, an init
/// segment, and segments whose chunks come as they are made. The same arguments give the same bytes.
struct DeliveryCapture {
    var players: Int
    /// Chunks that each player is sent, ten a segment, every 200 ms.
    var chunks: Int
    /// Media of a chunk.
    var chunkBytes: Int
    private(set) var packets = 0
    private(set) var bytes = 0
    /// Of the capture, in seconds.
    private(set) var seconds = 0.0

    init(players: Int, chunks: Int, chunkBytes: Int) {
        self.players = players
        self.chunks = chunks
        self.chunkBytes = chunkBytes
    }

    private static let segment = 1_448
    private static let start: UInt64 = 1_790_000_000_000_000_000
    private static let chunkTime: UInt64 = 200_000_000

    private struct Connection {
        var client: UInt32 = 1_000
        var server: UInt32 = 5_000
    }

    private static let manifest = """
        <?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" \
        availabilityStartTime="2026-09-21T14:13:20Z" minimumUpdatePeriod="PT60S"><Period start="PT0S"><AdaptationSet \
        contentType="video"><Representation id="v" bandwidth="5000000" codecs="avc1.42c00c" width="1280" height="720" \
        mimeType="video/mp4"><SegmentTemplate timescale="12800" duration="25600" startNumber="1" \
        initialization="i.m4s" media="s-$Number$.m4s" availabilityTimeOffset="1.8"/></Representation></AdaptationSet>\
        </Period></MPD>
        """

    mutating func write(to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CocoaError(.fileWriteUnknown) }
        var out: [UInt8] = [
            0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0,
        ]
        var connections = [Connection](repeating: Connection(), count: players)
        let step = Self.chunkTime / UInt64(players)
        for round in 0..<(chunks + 1) {
            for player in 0..<players {
                // Players one after the other, so that packets are spread over each chunk's time.
                let time = Self.start + UInt64(round) * Self.chunkTime + UInt64(player) * step
                if round == 0 {
                    open(player, &connections[player], at: time, &out)
                } else {
                    deliver(round - 1, player, &connections[player], at: time, &out)
                }
                if out.count > 1 << 22 {
                    try file.write(contentsOf: Data(out))
                    out.removeAll(keepingCapacity: true)
                }
            }
        }
        try file.write(contentsOf: Data(out))
        try file.close()
        seconds = Double(chunks) * Double(Self.chunkTime) / 1e9
    }

    private mutating func open(_ player: Int, _ connection: inout Connection, at time: UInt64, _ out: inout [UInt8]) {
        frame(player, connection, fromClient: true, flags: 2, [], time, &out)
        connection.client &+= 1
        frame(player, connection, fromClient: false, flags: 0x12, [], time + 1_000, &out)
        connection.server &+= 1
        frame(player, connection, fromClient: true, flags: 0x10, [], time + 2_000, &out)
        exchange(
            "live.mpd", "application/dash+xml", Array(Self.manifest.utf8), player, &connection, at: time + 3_000, &out)
        exchange("i.m4s", "video/mp4", MediaBoxes.initialization(), player, &connection, at: time + 10_000, &out)
    }

    private mutating func exchange(
        _ name: String, _ type: String, _ body: [UInt8], _ player: Int, _ connection: inout Connection, at time: UInt64,
        _ out: inout [UInt8]
    ) {
        ask(name, player, &connection, at: time, &out)
        let head = "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n\r\n"
        answer(Array(head.utf8) + body, player, &connection, at: time + 1_000, &out)
    }

    private mutating func ask(
        _ name: String, _ player: Int, _ connection: inout Connection, at time: UInt64, _ out: inout [UInt8]
    ) {
        let request = Array("GET /\(name) HTTP/1.1\r\nHost: live.test\r\nUser-Agent: player\r\n\r\n".utf8)
        frame(player, connection, fromClient: true, flags: 0x18, request, time, &out)
        connection.client &+= UInt32(request.count)
    }

    /// A chunk; the first of a segment is asked for, the last ends it.
    private mutating func deliver(
        _ number: Int, _ player: Int, _ connection: inout Connection, at time: UInt64, _ out: inout [UInt8]
    ) {
        var head = ""
        if number % 10 == 0 {
            ask("s-\(number / 10 + 1).m4s", player, &connection, at: time, &out)
            head = "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nTransfer-Encoding: chunked\r\n\r\n"
        }
        let stamp = (time / 1_000_000_000 + 2_208_988_800) << 32
        let sizes = [UInt32](repeating: UInt32(chunkBytes / 5), count: 5)
        let media =
            MediaBoxes.stamp(ntp: stamp, mediaTime: UInt64(number) * 2_560)
            + MediaBoxes.fragment(decodeTime: UInt64(number) * 2_560, sizes: sizes)
        let end = number % 10 == 9 ? "\r\n0\r\n\r\n" : "\r\n"
        answer(
            Array((head + String(media.count, radix: 16) + "\r\n").utf8) + media + Array(end.utf8), player, &connection,
            at: time + 2_000, &out)
    }

    private mutating func answer(
        _ bytes: [UInt8], _ player: Int, _ connection: inout Connection, at time: UInt64, _ out: inout [UInt8]
    ) {
        var time = time
        var sent = 0
        for start in stride(from: 0, to: bytes.count, by: Self.segment) {
            let part = bytes[start..<min(bytes.count, start + Self.segment)]
            frame(player, connection, fromClient: false, flags: 0x18, part, time, &out)
            connection.server &+= UInt32(part.count)
            time += 1_000
            sent += 1
            if sent % 2 == 0 || start + Self.segment >= bytes.count {
                frame(player, connection, fromClient: true, flags: 0x10, [], time, &out)
                time += 1_000
            }
        }
    }

    private mutating func frame(
        _ player: Int, _ connection: Connection, fromClient: Bool, flags: UInt8, _ payload: some Collection<UInt8>,
        _ time: UInt64, _ out: inout [UInt8]
    ) {
        let length = 14 + 20 + 20 + payload.count
        packets += 1
        bytes += length
        for value in [UInt32(time / 1_000_000_000), UInt32(time % 1_000_000_000), UInt32(length), UInt32(length)] {
            out.append(contentsOf: [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> $0) })
        }
        out.append(contentsOf: [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0])
        big(UInt32(length - 14) << 16 | 1, &out)
        out.append(contentsOf: [0x40, 0, 64, 6, 0, 0])
        let client = 0x0b00_0000 + UInt32(player)
        let server: UInt32 = 0x0a00_0001
        big(fromClient ? client : server, &out)
        big(fromClient ? server : client, &out)
        big(fromClient ? 40_000 << 16 | 80 : 80 << 16 | 40_000, &out)
        big(fromClient ? connection.client : connection.server, &out)
        big(flags == 2 ? 0 : fromClient ? connection.server : connection.client, &out)
        out.append(contentsOf: [0x50, flags, 0xff, 0xff, 0, 0, 0, 0])
        out.append(contentsOf: payload)
    }

    private func big(_ value: UInt32, _ out: inout [UInt8]) {
        out.append(contentsOf: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) })
    }
}
