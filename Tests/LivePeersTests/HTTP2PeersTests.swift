import Foundation
import Testing

/// nghttp fetches from nghttpd through windows of 16 KiB and logs each frame: the program's bookkeeping of the credit is compared with it.
@Suite(
    .serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"),
    .enabled(if: HTTP2Peers.hindrance == nil, "nghttp2-server and nghttp2-client make the peers"))
struct HTTP2PeersTests {
    private static let port = 22_443
    private static let size = 300_000

    /// A frame of nghttp's log: who sent it, what it is, its length, its stream, and the credit that it grants.
    private struct Frame {
        var isSent: Bool
        var kind: String
        var length: Int
        var stream: Int
        var grant = 0

        init?(_ line: Substring) {
            let words = line.split(separator: " ")
            guard let verb = words.firstIndex(where: { $0 == "send" || $0 == "recv" }), words.count > verb + 3,
                words[verb + 2] == "frame"
            else { return nil }
            func number(_ name: String) -> Int? {
                words.first { $0.contains(name) }.flatMap { Int($0.filter(\.isNumber)) }
            }
            guard let length = number("length="), let stream = number("stream_id=") else { return nil }
            isSent = words[verb] == "send"
            kind = words[verb + 1].lowercased()
            self.length = length
            self.stream = stream
        }

        static func list(_ log: String) -> [Frame] {
            var found: [Frame] = []
            for line in log.split(separator: "\n") {
                if let frame = Frame(line) { found.append(frame) }
                if line.contains("window_size_increment="), !found.isEmpty {
                    found[found.count - 1].grant = Int(line.filter(\.isNumber)) ?? 0
                }
            }
            return found
        }
    }

    private static func record() throws -> (frames: [Frame], flow: JSONValue) {
        let folder = try TemporaryFolder()
        try Data(repeating: 7, count: size).write(to: folder.url.appendingPathComponent("file"))
        let server = try PeerProcess(["/usr/sbin/nghttpd", "--no-tls", "-v", "-d", folder.url.path(), "\(port)"])
        try server.wait("port") { $0.contains("listen") }
        let capture = try LiveCapture(ports: [port])
        let client = try PeerProcess([
            "nghttp", "-n", "-v", "-w", "14", "http://127.0.0.1:\(port)/file",
        ])
        try client.waitForEnd()
        let flows = try capture.finish(flows: 1)
        return (Frame.list(client.output), try #require(flows.first { $0["http2"].isPresent }))
    }

    @Test("Frames, credit of connection and streams, as nghttp logged them")
    func windows() throws {
        let (frames, flow) = try Self.record()
        let told = flow["http2"]
        let kinds = Dictionary(grouping: frames, by: \.kind).mapValues(\.count)
        for (kind, count) in kinds { #expect(told["frames", kind].int == count, "\(kind)") }
        let data = frames.filter { !$0.isSent && $0.kind == "data" }
        #expect(data.map(\.length).reduce(0, +) == Self.size && told["payload_bytes"].int == Self.size)
        // The connection begins with 65,535 (RFC 9113 section 6.9.2).
        var credit = 65_535
        var smallest = credit
        for frame in frames {
            if !frame.isSent, frame.kind == "data" { credit -= frame.length }
            if frame.isSent, frame.kind == "window_update", frame.stream == 0 { credit += frame.grant }
            smallest = min(smallest, credit)
        }
        let control = told["flow_control"]
        #expect(control["connection", "client", "last_bytes"].int == credit)
        // What the client has read has passed here before.
        let least = try #require(control["connection", "client", "min_bytes"].int)
        #expect(least >= 0 && least <= smallest)
        #expect(control["stream", "client", "initial_bytes"].int == 16_383)
        #expect(control["stream", "client", "min_bytes"].int == 0, "16,383 bytes go out at once")
        #expect(control["sender"].string == "server" && control["streams_blocked"].int == 1)
        #expect((control["blocked_ms", "stream"].double ?? 0) > 0)
        #expect(flow["http", "exchanges"].array.first?["response_bytes"].int == Self.size)
        #expect(told["violations"].int == nil && told["undecoded_blocks"].int == nil)
    }
}

/// What the peers are made of.
private enum HTTP2Peers {
    static let hindrance: String? = {
        let programs = ["/usr/bin/nghttp", "/usr/sbin/nghttpd"]
        return programs.allSatisfy(FileManager.default.isExecutableFile) ? nil : "nghttp or nghttpd is not installed"
    }()
}
