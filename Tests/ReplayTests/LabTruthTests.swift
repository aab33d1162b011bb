import Foundation
import Testing

private enum LabCaptures {
    static let folder: URL? = ProcessInfo.processInfo.environment["STREAMTOP_LAB"].flatMap { path in
        FileManager.default.fileExists(atPath: path) ? URL(filePath: path) : nil
    }
}

/// Calls of the lab against what the peers themselves counted (getStats), up to the moment at which they were asked.
///
/// The captures are large and lie outside of this package: `STREAMTOP_LAB` names their folder, one below it for each scenario.
@Suite(.enabled(if: LabCaptures.folder != nil, "STREAMTOP_LAB names no folder of lab captures"))
struct LabTruthTests {
    /// A peer of a scenario: what it counted, and what the program says of the capture beside it until then.
    private struct Reading {
        var stats: [[String: Any]]
        var streams: [String: [String: Any]]
        var pairs: [[String: Any]]

        init(_ scenario: String, _ peer: String) throws {
            let position = try #require(LabCaptures.folder).appending(path: scenario)
            let truth = try #require(
                JSONSerialization.jsonObject(with: Data(contentsOf: position.appending(path: "truth.json")))
                    as? [String: Any])
            let last = try #require((truth["stats_\(peer)"] as? [[String: Any]])?.last)
            stats = try #require(last["stats"] as? [[String: Any]])
            // A browser stamps each of its figures; else the moment of the question counts.
            let stamps = stats.compactMap { $0["timestamp"] as? Double }
            let time = try stamps.max().map { $0 / 1_000 } ?? #require(last["t"] as? Double)
            let capture = position.appending(path: "\(peer).pcap")
            var arguments = ["--json", "--deterministic", "-r", capture.path()]
            arguments += ["-c", "\(try Self.packets(in: capture, until: time))"]
            let keys = position.appending(path: "keys.log")
            if FileManager.default.fileExists(atPath: keys.path()) { arguments += ["--keylog", keys.path()] }
            let lines = try Program.run(arguments).output.split(separator: "\n")
            let records = lines.compactMap {
                (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
            }
            streams = [:]
            for flow in records where flow["type"] as? String == "flow" {
                for stream in flow["rtp"] as? [[String: Any]] ?? [] {
                    streams[stream["ssrc"] as? String ?? ""] = stream
                }
            }
            pairs = records.filter { $0["type"] as? String == "session" }.flatMap { session in
                (session["ice"] as? [String: Any])?["pairs"] as? [[String: Any]] ?? []
            }
        }

        private static func packets(in capture: URL, until time: Double) throws -> Int {
            let bytes = try [UInt8](Data(contentsOf: capture))
            func word(_ position: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) } }
            let unit = word(0) == 0xa1b2_3c4d ? 1e9 : 1e6
            var (position, count) = (24, 0)
            while position + 16 <= bytes.count {
                guard Double(word(position)) + Double(word(position + 4)) / unit <= time else { break }
                position += 16 + word(position + 8)
                count += 1
            }
            return count
        }

        /// What arrived here, with the program's stream of it.
        var received: [(truth: [String: Any], stream: [String: Any])] {
            stats.compactMap { entry in
                guard entry["type"] as? String == "inbound-rtp", let source = entry["ssrc"] as? Int else { return nil }
                let text = String(source, radix: 16)
                return streams["0x" + String(repeating: "0", count: 8 - text.count) + text].map { (entry, $0) }
            }
        }
    }

    static let browsers = ["webrtc-chromium", "webrtc-chromium-congestion", "webrtc-av1"]
    static let all = browsers + ["webrtc-channels", "webrtc-host-loss", "webrtc-host"]

    private static func number(_ value: Any?) -> Double? { (value as? NSNumber)?.doubleValue }

    @Test("Packets, those sent again among them, and lost packets: exact", arguments: all, ["a", "b"])
    func packets(_ scenario: String, _ peer: String) throws {
        let reading = try Reading(scenario, peer)
        #expect(!reading.received.isEmpty)
        for (truth, stream) in reading.received {
            let again = Self.number(truth["retransmittedPacketsReceived"]) ?? 0
            #expect(
                Self.number(stream["packets"]) == (Self.number(truth["packetsReceived"]) ?? 0) - again,
                "\(scenario) \(peer)")
            #expect(Self.number(stream["lost"]) == Self.number(truth["packetsLost"]), "\(scenario) \(peer)")
            guard again > 0 else { continue }
            let repeats = reading.streams.values.first { $0["rtx_of"] as? String == stream["ssrc"] as? String }
            #expect(Self.number(repeats?["packets"]) == again, "\(scenario) \(peer): sent again")
        }
    }

    /// A browser takes a picture's packets as one, as we do where we say so, and prints whole milliseconds.
    @Test("Jitter: within a tenth of the receiver's, and half a millisecond", arguments: browsers, ["a", "b"])
    func jitter(_ scenario: String, _ peer: String) throws {
        for (truth, stream) in try Reading(scenario, peer).received {
            guard let jitter = Self.number(truth["jitter"]).map({ $0 * 1_000 }) else { continue }
            let isVideo = truth["kind"] as? String == "video"
            let ours = try #require(Self.number(stream[isVideo ? "frame_jitter_ms" : "jitter_ms"]))
            #expect(abs(ours - jitter) <= jitter / 10 + 0.9, "\(scenario) \(peer): \(ours) beside \(jitter) ms")
        }
    }

    @Test("Key frames where they can be told, and freezes within one", arguments: browsers)
    func pictures(_ scenario: String) throws {
        for (truth, stream) in try Reading(scenario, "b").received where truth["kind"] as? String == "video" {
            if let told = Self.number(stream["keyframes"]) { #expect(told == Self.number(truth["keyFramesDecoded"])) }
            let freezes = Self.number((stream["freezes"] as? [String: Any])?["count"]) ?? 0
            #expect(abs(freezes - (Self.number(truth["freezeCount"]) ?? 0)) <= 1)
        }
    }

    @Test("Checks and answers of each nominated pair, both ways: exact", arguments: browsers, ["a", "b"])
    func checks(_ scenario: String, _ peer: String) throws {
        let reading = try Reading(scenario, peer)
        let truths = reading.stats.filter {
            $0["type"] as? String == "candidate-pair" && $0["nominated"] as? Bool == true
        }
        let names = [
            ("requests", "requestsSent"), ("responses", "responsesReceived"),
            ("requests_received", "requestsReceived"), ("responses_sent", "responsesSent"),
        ]
        #expect(!truths.isEmpty)
        for truth in truths {
            #expect(
                reading.pairs.contains { pair in
                    names.allSatisfy { Self.number(pair[$0.0]) == Self.number(truth[$0.1]) }
                },
                "\(scenario) \(peer): \(names.map { "\(truth[$0.1] ?? "-")" })")
        }
    }

    /// The model knows nothing of the receiver: measured errors are -7 to +16 ms.
    @Test("The model of the playout buffer, beside the receiver's own", arguments: browsers, ["a", "b"])
    func playout(_ scenario: String, _ peer: String) throws {
        for (truth, stream) in try Reading(scenario, peer).received where truth["kind"] as? String == "audio" {
            let delay = try #require(Self.number(truth["jitterBufferDelay"]))
            let emitted = try #require(Self.number(truth["jitterBufferEmittedCount"]))
            let ours = try #require(Self.number((stream["playout"] as? [String: Any])?["buffer_ms"]))
            let error = ours - 1_000 * delay / max(1, emitted)
            #expect(abs(error) <= 20, "\(scenario) \(peer): \(error) ms")
        }
    }

    /// A NAT that forgets gives the call another port in its middle; nothing but media and reports passes there. Made of a real call by
    /// writing another port into its later packets.
    @Test("Keys follow the streams of a call to another flow")
    func keysFollow() throws {
        let position = try #require(LabCaptures.folder).appending(path: "webrtc-host")
        var bytes = try [UInt8](Data(contentsOf: position.appending(path: "a.pcap")))
        func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
        func port(_ at: Int) -> Int { Int(bytes[at]) << 8 | Int(bytes[at + 1]) }
        var place4 = 24
        var packets: [Int] = []
        while place4 + 16 <= bytes.count {
            packets.append(place4 + 16)
            place4 += 16 + word(place4 + 8)
        }
        // The port at which the first media arrived, of Ethernet, IPv4 and UDP.
        let isUDP: (Int) -> Bool = { bytes[$0 + 12] == 8 && bytes[$0 + 14] == 0x45 && bytes[$0 + 23] == 17 }
        let media = try #require(packets.first { isUDP($0) && bytes[$0 + 42] & 0xc0 == 0x80 })
        let old = port(media + 34)
        for packet in packets.dropFirst(packets.count / 2) where isUDP(packet) {
            // Checks and records stay where they were: they would show the new path, or its keys.
            guard bytes[packet + 42] & 0xc0 == 0x80 else { continue }
            for at in [packet + 34, packet + 36] where port(at) == old {
                bytes[at] = UInt8((old ^ 1) >> 8)
                bytes[at + 1] = UInt8((old ^ 1) & 255)
            }
        }
        let folder = try TemporaryFolder()
        let moved = try folder.file("moved.pcap", bytes)
        let keys = position.appending(path: "keys.log").path()
        let run = try Program.run(["--json", "--deterministic", "--keylog", keys, "-r", moved.path()])
        let flows = run.output.split(separator: "\n").compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }.filter { $0["type"] as? String == "flow" && ($0["rtp"] as? [Any])?.isEmpty == false }
        let later = try #require(flows.first { $0["dtls"] == nil }, "media without a handshake")
        let control = try #require(later["rtcp"] as? [String: Any])
        #expect(control["encrypted"] as? Bool == false, "opened with the keys of the first flow")
        #expect((control["reports"] as? [Any])?.isEmpty == false)
        let streams = later["rtp"] as? [[String: Any]] ?? []
        #expect(streams.count == 3 && streams.allSatisfy { Self.number($0["lost"]) == 0 })
    }
}
