import Foundation
import Testing

/// Sessions, chunks and messages of real players, beside what those players and their origins logged.
@Suite(.enabled(if: LabCapture.isThere, "no captures with logs of their peers; STREAMTOP_LAB names the folder"))
struct LabMediaTests {
    /// Chunks that the player has whole, by path of the segment.
    private func received(_ truth: JSONValue, _ kind: String) -> [String: [JSONValue]] {
        var found: [String: [JSONValue]] = [:]
        for segment in truth["player_segments"].array where segment["kind"].string == kind {
            let name = "\(segment["representation"].int ?? -1)-\(segment["number"].int ?? -1)"
            found[name] = segment["chunks_received"].array
        }
        return found
    }

    /// `1-00007` of `chunk-1-00007.m4s`.
    private func name(_ url: String?) -> String? {
        guard let file = url?.split(separator: "/").last?.split(separator: ".").first else { return nil }
        let parts = file.split(separator: "-")
        guard parts.count == 3, let number = Int(parts[2]) else { return nil }
        return "\(parts[1])-\(number)"
    }

    @Test("Chunks pass here less than a millisecond before the player has them", arguments: ["lldash", "lldash-gzip"])
    func chunkTimes(_ scenario: String) throws {
        let lab = try LabCapture(scenario)
        let exchanges = lab.flows.flatMap { flow in
            flow["http", "exchanges"].array.map { (flow["id"].string ?? "", $0) }
        }
        var names: [String: String] = [:]
        for (flow, exchange) in exchanges { names["\(flow)/\(exchange["id"].int ?? 0)"] = name(exchange["url"].string) }
        var positions: [String: Int] = [:]
        let known = received(lab.truth, "video").merging(received(lab.truth, "audio")) { $1 }
        var late: [Double] = []
        for event in lab.events("chunk") {
            let key = "\(event["flow"].string ?? "")/\(event["exchange"].int ?? 0)"
            guard let segment = names[key], let chunks = known[segment] else { continue }
            let position = positions[key, default: 0]
            positions[key] = position + 1
            guard position < chunks.count, let at = LabCapture.seconds(event["ts"].string) else { continue }
            late.append(1_000 * ((chunks[position].array.first?.double ?? 0) - at))
        }
        #expect(late.count > 60)
        // A player is never earlier than the wire; Python takes its turn.
        #expect(late.allSatisfy { $0 > -0.2 })
        let near = late.filter { $0 < 1 }.count
        #expect(near >= late.count * 9 / 10, "\(near) of \(late.count), median \(LabCapture.median(late) ?? 0)")
    }

    @Test("HTTP's chunks that begin where CMAF's do are those that the origin wrote so")
    func alignment() throws {
        let lab = try LabCapture("lldash")
        let session = try #require(lab.session)
        /// Of a segment's response: chunks that were written, and those written from where a CMAF chunk begins.
        func written(_ path: String) -> (chunks: Int, aligned: Int)? {
            let answers = lab.truth["origin_requests"].array.filter { $0["path"].string == path }
            let source = lab.truth["origin_segments"].array.first { $0["path"].string == path }
            guard let source, answers.count == 1, let writes = answers.first?["writes"].array else { return nil }
            var starts = Set(source["chunks"].array.compactMap { $0.array.count > 1 ? $0.array[1].int : nil })
            // The type of the segment may have been written by itself: the first chunk begins behind it, too.
            if let first = writes.first?.array.last?.int, first < 32 { starts.insert(first) }
            var offset = 0
            var found = (chunks: 0, aligned: 0)
            for write in writes {
                found.chunks += 1
                if starts.contains(offset) { found.aligned += 1 }
                offset += write.array.last?.int ?? 0
            }
            return found
        }
        func bytes(_ path: String) -> Int? {
            lab.truth["origin_segments"].array.first { $0["path"].string == path }?["bytes"].int
        }
        var compared = 0
        for segment in session["segments"].array {
            guard let number = segment["number"].int, let name = segment["representation"].string else { continue }
            let path = "/live/chunk-\(name)-" + String(String(100_000 + number).dropFirst()) + ".m4s"
            // What was whole when it was asked for has a length and no chunks.
            guard segment["http_chunks"].isPresent, let truth = written(path), bytes(path) == segment["bytes"].int
            else { continue }
            compared += 1
            #expect(segment["http_chunks"].int == truth.chunks && segment["aligned_chunks"].int == truth.aligned)
        }
        #expect(compared >= 15)
    }

    @Test("Segments of sound, too: number and bytes", arguments: ["lldash", "dash-classic", "lldash-h3", "lldash-tls"])
    func sound(_ scenario: String) throws {
        let lab = try LabCapture(scenario)
        let session = try #require(lab.session)
        let own = session["segments"].array.filter { $0["type"].string == "audio" }
        let known = lab.truth["player_segments"].array.filter {
            $0["kind"].string == "audio" && $0["status"].int == 200
        }
        #expect(!known.isEmpty && abs(own.count - known.count) <= 1)
        for segment in own {
            let same = known.first { $0["number"].int == segment["number"].int }
            #expect(same?["bytes"].int == segment["bytes"].int, "\(segment["number"].int ?? -1)")
        }
    }

    @Test(
        "Every switch, when the first segment of it was asked for",
        arguments: ["lldash", "llhls", "hls-ts", "dash-classic", "lldash-h3", "lldash-tls"])
    func switches(_ scenario: String) throws {
        let lab = try LabCapture(scenario)
        let session = try #require(lab.session)
        let own = session["switches"].array
        let known = lab.truth["switches"].array
        #expect(own.count == known.count)
        for (found, told) in zip(own, known) {
            let at = try #require(LabCapture.seconds(found["ts"].string))
            let to = told["to"].array.compactMap(\.int)
            let asked = lab.truth["player_segments"].array.first {
                $0["kind"].string != "audio" && $0["representation"].int == to.first
                    && ($0["t_request"].double ?? 0) >= (told["t"].double ?? .infinity)
            }
            // With parts the playlist is asked for first, and waited for.
            #expect(abs(at - (asked?["t_request"].double ?? 0)) < (scenario == "llhls" ? 0.2 : 0.05))
            // A playlist without its multivariant one has no bit rate.
            #expect(found["to_bps"].int == to.last || found["to"].string?.contains("\(to[0])") == true)
        }
    }

    private static let players = [
        "lldash", "lldash-gzip", "lldash-tls", "lldash-h3", "lldash-nginx-off", "llhls", "dash-classic", "lldash-clock",
    ]

    @Test(
        "The buffer, against the player's own samples: nearer than 0.3 s, and than the best constant",
        arguments: players)
    func buffer(_ scenario: String) throws {
        let lab = try LabCapture(scenario)
        let session = try #require(lab.session)
        let series = session["buffer", "series"].array.compactMap { point -> (time: Double, level: Double)? in
            guard let at = LabCapture.seconds(point["ts"].string), let level = point["buffer_s"].double else {
                return nil
            }
            return (at, level)
        }
        try #require(series.count > 20)
        var errors: [Double] = []
        var levels: [Double] = []
        for sample in lab.truth["player_samples"].array where sample["playing"].bool == true {
            guard let time = sample["t"].double, let level = sample["buffer_s"].double,
                let last = series.last(where: { $0.time <= time }), let end = series.last, time < end.time
            else { continue }
            // Between two points media play.
            errors.append(abs(max(0, last.level - (time - last.time)) - level))
            levels.append(level)
        }
        let error = try #require(LabCapture.median(errors))
        let middle = try #require(LabCapture.median(levels))
        let constant = try #require(LabCapture.median(levels.map { abs($0 - middle) }))
        // Beside a player that always holds the same, within half a chunk, no constant can be beaten.
        #expect(error < 0.3 && (error < constant || constant < 0.1), "\(error) s, a constant \(constant) s")
    }

    @Test("Live latency within 100 ms of the player's", arguments: players.filter { $0 != "lldash-clock" })
    func latency(_ scenario: String) throws {
        let lab = try LabCapture(scenario)
        let session = try #require(lab.session)
        let samples = lab.truth["player_samples"].array.filter { $0["playing"].bool == true }
        if scenario == "lldash" {
            // It stalls twice and is later each time: the median lies between plateaus. What it came to is compared.
            let told = try #require(session["live_latency", "last_ms"].double)
            let end = session["buffer", "series"].array.last.flatMap { LabCapture.seconds($0["ts"].string) } ?? 0
            let last = samples.last { ($0["t"].double ?? .infinity) <= end }
            let known = try #require(last?["latency_s"].double)
            #expect(abs(told - 1_000 * known) < 100, "\(told) for \(1_000 * known)")
            return
        }
        let told = try #require(session["live_latency", "p50_ms"].double)
        let known = try #require(LabCapture.median(samples.compactMap { $0["latency_s"].double }))
        #expect(abs(told - 1_000 * known) < 100, "\(told) for \(1_000 * known)")
    }

    @Test("Messages of a compressed WebSocket, after inflating")
    func inflated() throws {
        let lab = try LabCapture("websocket-deflate")
        let flow = try #require(lab.flows.first { $0["websocket"].isPresent })
        let socket = flow["websocket"]
        for end in ["client", "server"] {
            let frames = lab.truth["\(end)_frames"].array.filter {
                ["text", "binary", "continuation"].contains($0["opcode"].string)
            }
            let bytes = frames.compactMap { $0["payload_bytes"].int }.reduce(0, +)
            #expect(bytes > 0 && socket[end, "message_bytes"].int == bytes, "\(end)")
        }
    }
}
