import Foundation
import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopExport

/// The record of a media session says what is known and leaves the rest out.
@Suite struct MediaSessionRecordTests {
    private func record(_ session: MediaSessionSnapshot) throws -> [String: Any] {
        var exporter = JSONLinesExporter()
        var buffer = RecordBuffer()
        exporter.appendMediaSession(session, to: &buffer)
        let object = try JSONSerialization.jsonObject(with: Data(buffer.text.utf8))
        return try #require(object as? [String: Any])
    }

    private func session() -> MediaSessionSnapshot {
        let start = Timestamp(seconds: 1_000, nanoseconds: 0)
        return MediaSessionSnapshot(
            number: 3, kind: .hls, start: start, end: start + .seconds(9), client: IPAddress(v4: 0x0a00_0001))
    }

    @Test func whatIsNotKnownIsLeftOut() throws {
        let json = try record(session())
        #expect(
            json["type"] as? String == "session" && json["id"] as? String == "m3" && json["kind"] as? String == "hls")
        for name in ["live", "low_latency", "buffer", "live_latency", "arrival_ms", "pacing", "media_clock", "origin"] {
            #expect(json[name] == nil, "\(name)")
        }
        #expect((json["clock_offset_ms"] as? [String: Any])?.isEmpty == true)
        #expect(json["inferred"] as? Bool == false)
    }

    @Test func segmentsSwitchesAndBuffer() throws {
        var session = session()
        var segment = MediaSegment(exchange: 4, requestTime: session.start, type: .video)
        segment.number = 17
        segment.representation = "v\"1"
        segment.bytes = 40_000
        segment.isComplete = true
        for index in 0..<3 {
            let end = session.start + .milliseconds(100 + 200 * Int64(index))
            var chunk = MediaChunk(firstByteTime: end, lastByteTime: end, duration: 0.2, bytes: 9_000)
            chunk.age = -.milliseconds(50)
            segment.chunks.append(chunk)
        }
        segment.chunkCount = 3
        session.segments = [segment]
        session.switches = [MediaSwitch(time: session.start, from: "a", to: "b")]
        var buffer = MediaBuffer()
        buffer.series = [MediaBuffer.Point(time: session.start, level: 1.5, low: 1, high: 2)]
        session.buffer = buffer
        let json = try record(session)
        let row = try #require((json["segments"] as? [[String: Any]])?.first)
        #expect(row["number"] as? Int == 17 && row["representation"] as? String == "v\"1" && row["chunks"] as? Int == 3)
        #expect((row["chunk_interval_ms"] as? [String: Any])?["p50"] as? Double == 200)
        #expect(row["first_chunk_ms"] as? Double == 100)
        // Stamps from the future are kept as they are.
        #expect((row["arrival_ms"] as? [String: Any])?["p50"] as? Double == -50)
        #expect(row["throughput_bps"] == nil)
        let change = try #require((json["switches"] as? [[String: Any]])?.first)
        #expect(change["from"] as? String == "a" && change["cause"] == nil)
        let point = try #require(((json["buffer"] as? [String: Any])?["series"] as? [[String: Any]])?.first)
        #expect(point["buffer_s"] as? Double == 1.5 && point["low_s"] as? Double == 1)
    }
}
