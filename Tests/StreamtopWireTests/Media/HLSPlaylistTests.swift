import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct HLSPlaylistTests {
    private func read(_ text: String, from url: String = "https://o.test/live/v/index.m3u8") -> HLSPlaylist? {
        let bytes = Array(text.utf8)
        return HLSPlaylist(reading: unsafe bytes.span.bytes, from: URLReference(url))
    }

    private func media(_ text: String) throws -> HLSMediaPlaylist {
        guard case .media(let playlist)? = read(text) else { throw NotMedia() }
        return playlist
    }

    private struct NotMedia: Error {}

    private let lowLatency = """
        #EXTM3U
        #EXT-X-TARGETDURATION:4
        #EXT-X-VERSION:9
        #EXT-X-PART-INF:PART-TARGET=1.0
        #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.0,CAN-SKIP-UNTIL=24
        #EXT-X-MEDIA-SEQUENCE:266
        #EXT-X-MAP:URI="init.mp4"
        #EXT-X-PROGRAM-DATE-TIME:2026-11-28T12:00:00.500+01:00
        #EXTINF:4.0,
        fs266.mp4
        #EXT-X-PART:DURATION=1.0,URI="fs267.0.mp4",INDEPENDENT=YES
        #EXT-X-PART:DURATION=1.0,URI="fs267.1.mp4"
        #EXTINF:2.0,
        fs267.mp4
        #EXT-X-PART:DURATION=1.0,URI="fs268.0.mp4"
        #EXT-X-PRELOAD-HINT:TYPE=PART,URI="fs268.1.mp4"
        #EXT-X-RENDITION-REPORT:URI="../a/index.m3u8",LAST-MSN=268,LAST-PART=0

        """

    @Test func lowLatencyPlaylist() throws {
        let playlist = try media(lowLatency)
        #expect(playlist.isLive && playlist.isLowLatency && playlist.targetDuration == .seconds(4))
        #expect(
            playlist.control
                == HLSServerControl(
                    canBlockReload: true, canSkipUntil: .seconds(24), holdBack: nil, partHoldBack: .seconds(3)))
        #expect(playlist.segments.map(\.number) == [266, 267] && playlist.nextSequence == 268)
        #expect(playlist.reports.first?.url.path == "/live/a/index.m3u8" && playlist.reports.first?.lastSequence == 268)
        let start = try #require(ISO8601Parser.instant("2026-11-28T11:00:00.5Z"))
        func found(_ name: String) -> HLSResource? { playlist.resource(at: URLReference("/live/v/" + name)) }
        #expect(
            found("fs266.mp4") == HLSResource(kind: .segment, number: 266, duration: .seconds(4), programDate: start))
        #expect(
            found("fs267.1.mp4?x=1")
                == HLSResource(kind: .part(1), number: 267, duration: .seconds(1), programDate: start + .seconds(5)))
        #expect(
            found("fs268.0.mp4")
                == HLSResource(kind: .part(0), number: 268, duration: .seconds(1), programDate: start + .seconds(6)))
        #expect(
            found("fs268.1.mp4")
                == HLSResource(
                    kind: .hintedPart(1), number: 268, duration: .seconds(1), programDate: start + .seconds(7)))
        #expect(found("init.mp4")?.kind == .initialization && found("fs269.mp4") == nil)
        #expect(playlist.resource(at: URLReference("https://other.test/live/v/fs266.mp4")) == nil)
    }

    @Test func deltaUpdatesAreMadeWhole() throws {
        let before = try media(lowLatency)
        let delta = try media(
            """
            #EXTM3U
            #EXT-X-TARGETDURATION:4
            #EXT-X-MEDIA-SEQUENCE:266
            #EXT-X-SKIP:SKIPPED-SEGMENTS=2
            #EXTINF:4.0,
            fs268.mp4
            """)
        #expect(delta.segments.first?.number == 268 && delta.segments.first?.programDate == nil)
        let whole = delta.completed(by: before)
        #expect(whole.segments.map(\.number) == [266, 267, 268] && whole.skipped == 0)
        #expect(
            whole.segments[2].programDate == before.trailingDate
                && whole.segments[2].map?.url.path == "/live/v/init.mp4")
        // A playlist that does not have them completes nothing.
        var other = before
        other.segments.removeLast()
        #expect(delta.completed(by: other).skipped == 2)
    }

    @Test func byteRanges() throws {
        let playlist = try media(
            """
            #EXTM3U
            #EXT-X-MAP:URI="all.mp4",BYTERANGE="800@0"
            #EXT-X-PART:DURATION=0.5,URI="all.mp4",BYTERANGE="100@800"
            #EXT-X-PART:DURATION=0.5,URI="all.mp4",BYTERANGE="200"
            #EXTINF:1,
            #EXT-X-BYTERANGE:300@800
            all.mp4
            #EXTINF:1,
            #EXT-X-BYTERANGE:400
            all.mp4
            """)
        let file = URLReference("/live/v/all.mp4")
        #expect(playlist.resource(at: file, range: 900...1_099)?.kind == .part(1))
        #expect(playlist.resource(at: file, range: 800...1_099)?.kind == .segment)
        #expect(
            playlist.resource(at: file, range: 1_100...1_499)
                == HLSResource(kind: .segment, number: 1, duration: .seconds(1), programDate: nil))
        #expect(playlist.resource(at: file, range: 0...799)?.kind == .initialization)
    }

    @Test func discontinuitiesStopDates() throws {
        let playlist = try media(
            """
            #EXTM3U
            #EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z
            #EXTINF:2,
            a
            #EXT-X-GAP
            #EXTINF:2,
            b
            #EXT-X-DISCONTINUITY
            #EXTINF:2,
            c
            #EXT-X-ENDLIST
            """)
        #expect(playlist.segments.map { $0.programDate == nil } == [false, false, true])
        #expect(playlist.segments.map(\.isGap) == [false, true, false] && playlist.segments[2].isDiscontinuity)
        #expect(!playlist.isLive)
    }

    @Test func multivariantPlaylist() throws {
        guard
            case .multivariant(let playlist)? = read(
                """
                \u{feff}#EXTM3U\r
                #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aud",NAME="En, glish",LANGUAGE="en",URI="a/index.m3u8"\r
                #EXT-X-STREAM-INF:BANDWIDTH=1280000,AVERAGE-BANDWIDTH=1000000,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=640x360,AUDIO="aud"\r
                v/index.m3u8\r
                #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=86000,URI="i/index.m3u8"\r
                """, from: "https://o.test/live/main.m3u8")
        else {
            Issue.record("not multivariant")
            return
        }
        #expect(playlist.variants.count == 2 && playlist.variants[0].bandwidth == 1_280_000)
        #expect(playlist.variants[0].codecs == "avc1.4d401f,mp4a.40.2" && playlist.variants[0].height == 360)
        #expect(playlist.renditions.first?.name == "En, glish")
        #expect(playlist.owner(of: URLReference("https://o.test/live/v/index.m3u8?_HLS_msn=3")) == .variant(0))
        #expect(playlist.owner(of: URLReference("https://o.test/live/a/index.m3u8")) == .rendition(0))
        #expect(playlist.owner(of: URLReference("https://o.test/live/x")) == nil)
    }

    @Test func directivesOfBlockingReload() {
        let url = URLReference("/v/index.m3u8?token=a&_HLS_msn=268&_HLS_part=2&_HLS_skip=YES")
        #expect(
            HLSDirectives(url)?.sequence == 268 && HLSDirectives(url)?.part == 2
                && HLSDirectives(url)?.wantsDelta == true)
        #expect(HLSDirectives(URLReference("/v/index.m3u8?msn=3")) == nil)
        #expect(HLSDirectives(URLReference("/v?_HLS_msn=99999999999999999999"))?.sequence == nil)
    }

    @Test func whatIsNoPlaylist() {
        #expect(read("") == nil && read("#EXTINF:1\na") == nil && read("<MPD/>") == nil)
    }

    @Test func damagedPlaylistsNeverTrap() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<2_000 {
            let bytes = random.damaged(Array(lowLatency.utf8))
            if case .media(let playlist)? = HLSPlaylist(
                reading: unsafe bytes.span.bytes, from: URLReference("http://a/live/v/i"))
            {
                _ = playlist.resource(at: URLReference("/live/v/fs267.1.mp4"))
                _ = playlist.completed(by: playlist)
            }
        }
    }
}
