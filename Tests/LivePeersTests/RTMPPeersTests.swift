import Foundation
import Testing

/// ffmpeg publishes to nginx by RTMP, at its pace and on a path too narrow for it: then what is published falls behind.
@Suite(
    .serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"),
    .enabled(if: RTMPPeers.hindrance == nil, "ffmpeg and libnginx-mod-rtmp make the peers"))
struct RTMPPeersTests {
    private static let here = URL(filePath: #filePath).deletingLastPathComponent()

    /// The publishing flow; `rate` bytes a second pass a relay between the peers, nil: as many as come.
    private static func publish(rate: Int?, isSecured: Bool = false) throws -> JSONValue {
        let folder = try TemporaryFolder()
        let names = isSecured ? ["certificate.pem", "key.pem", "keys"] : []
        if isSecured { try WebConversations.makeCertificate("localhost", names.map(folder.path)) }
        let script = here.appending(path: "Peers/rtmp_peers.py").path()
        let peers = try PeerProcess(
            ["/usr/bin/python3", script, folder.url.path(), "\(rate ?? 0)"] + names)
        try peers.wait("ports") { $0.contains("]\n") }
        let line = try #require(peers.output.split(separator: "\n").first { $0.hasPrefix("[") })
        let ports = try JSONValue(text: String(line)).array.compactMap(\.int)
        // Before the relay, where the publisher is.
        let capture = try LiveCapture(ports: [ports[0]], keyLog: isSecured ? folder.path("keys") : nil)
        peers.type("go\n")
        try peers.waitForEnd(seconds: 30)
        let flows = try capture.finish(flows: 1)
        return try #require(flows.first { $0["rtmp"].isPresent })
    }

    @Test("At its pace the media clock keeps step; codec, key frames and app are ffmpeg's")
    func steady() throws {
        let told = try Self.publish(rate: nil)["rtmp"]
        #expect(told["role"].string == "publish" && told["app"].string == "live")
        #expect(told["stream"].string == nil, "the key is nobody's business")
        #expect(told["video", "codec"].string?.hasPrefix("avc") == true || told["video", "codec"].string == "h264")
        #expect(abs((told["keyframe_interval_s"].double ?? 0) - 1) < 0.05)
        #expect((told["video", "messages"].int ?? 0) >= 25 * 4)
        #expect(abs(told["media_clock", "drift_ms_per_min"].double ?? 1e9) < 3_000)
    }

    @Test("The same through TLS, with its secrets")
    func secured() throws {
        let flow = try Self.publish(rate: nil, isSecured: true)
        let told = flow["rtmp"]
        #expect(["tls", "rtmp"].allSatisfy { flow["protocols"].array.compactMap(\.string).contains($0) })
        #expect(told["role"].string == "publish" && told["app"].string == "live" && told["stream"].string == nil)
        #expect(told["video", "codec"].string == "h264" && (told["video", "messages"].int ?? 0) >= 25 * 2)
        #expect(abs((told["keyframe_interval_s"].double ?? 0) - 1) < 0.05)
    }

    @Test("Through half of what it needs, it falls behind, and the publisher is said to hold a backlog")
    func throttled() throws {
        let flow = try Self.publish(rate: 20_000)
        let drift = try #require(flow["rtmp", "media_clock", "drift_ms_per_min"].double)
        #expect(drift > 6_000, "\(drift)")
    }
}

/// What the peers are made of.
private enum RTMPPeers {
    private static let module = "/usr/lib/nginx/modules/ngx_rtmp_module.so"

    static let hindrance: String? = {
        let files = ["/usr/bin/ffmpeg", "/usr/sbin/nginx", module]
        return files.allSatisfy(FileManager.default.fileExists) ? nil : "ffmpeg or nginx's RTMP is not installed"
    }()
}
