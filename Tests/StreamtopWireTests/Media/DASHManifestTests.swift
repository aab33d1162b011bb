import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct DASHManifestTests {
    private func read(_ text: String, from url: String = "http://origin.test/live/a/manifest.mpd") -> DASHManifest? {
        let bytes = Array(text.utf8)
        return DASHManifest(reading: unsafe bytes.span.bytes, from: URLReference(url))
    }

    private let numbered = """
        <?xml version="1.0"?>
        <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="2026-11-28T12:00:00.5Z"
          minimumUpdatePeriod="PT2S" suggestedPresentationDelay="PT1.5S" profiles="a">
          <ServiceDescription id="0"><Latency target="1500" min="800" max="4000"/><PlaybackRate min="0.96" max="1.04"/></ServiceDescription>
          <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="http://time.test/now"/>
          <BaseURL availabilityTimeOffset="0.25">media/</BaseURL>
          <Period id="p" start="PT10S">
            <AdaptationSet contentType="video" mimeType="video/mp4" codecs="avc1.64001f">
              <SegmentTemplate timescale="1000" duration="2000" startNumber="5" presentationTimeOffset="500"
                availabilityTimeOffset="1.75" availabilityTimeComplete="false"
                initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/seg-$Number%05d$.m4s"/>
              <Representation id="v1" bandwidth="500000" width="640" height="360"/>
              <Representation id="v2" bandwidth="1500000" codecs="avc1.640028"><BaseURL>hi/</BaseURL></Representation>
            </AdaptationSet>
          </Period>
        </MPD>
        """

    @Test func numbersAndInheritance() throws {
        let manifest = try #require(read(numbered))
        #expect(manifest.isDynamic && manifest.isLowLatency && manifest.minimumUpdatePeriod == .seconds(2))
        #expect(manifest.targets?.latency == .milliseconds(1_500) && manifest.targets?.maximumRate == 1.04)
        #expect(
            manifest.utcTimings == [
                UTCTiming(scheme: "urn:mpeg:dash:utc:http-xsdate:2014", value: "http://time.test/now")
            ])
        let found = try #require(manifest.resource(at: URLReference("/live/a/media/v1/seg-00007.m4s?token=1")))
        guard case .media(let segment) = found.kind else {
            Issue.record("no segment")
            return
        }
        #expect(
            segment.number == 7 && manifest[found.position].id == "v1" && manifest[found.position].bandwidth == 500_000)
        // The third segment, four seconds in, half a second of offset on top.
        #expect(segment.mediaTime == MediaTime(value: 4_500, timescale: 1_000))
        #expect(segment.duration?.nanoseconds == .seconds(2))
        #expect(manifest.presentationTime(try #require(segment.mediaTime), at: found.position) == .seconds(14))
        // It ends six seconds into the period: start 12:00:00.5, 10 s, 6 s.
        let start = try #require(ISO8601Parser.instant("2026-11-28T12:00:00.5Z"))
        #expect(manifest.availability(of: segment, at: found.position) == start + .seconds(16))
        // ISO takes the segments' value.
        #expect(manifest[found.position].offsetByISO == .milliseconds(1_750))
        #expect(manifest[found.position].offsets.map(\.level) == [.manifest, .adaptationSet])
        // The second representation has a folder and a codec of its own.
        let other = try #require(manifest.resource(at: URLReference("http://origin.test/live/a/media/hi/v2/init.mp4")))
        #expect(other.kind == .initialization && manifest[other.position].codecs == "avc1.640028")
        #expect(manifest[other.position].contentType == "video")
        for wrong in [
            "/live/a/media/v1/seg-7.m4s", "/live/a/media/v1/seg-00004.m4s", "/live/a/media/v3/seg-00007.m4s",
            "http://other.test/live/a/media/v1/seg-00007.m4s", "/live/a/media/v1/seg-00007.m4sx",
        ] { #expect(manifest.resource(at: URLReference(wrong)) == nil, "\(wrong)") }
    }

    private func timeline(_ entries: String, start: String = "startNumber=\"3\"") -> DASHManifest? {
        read(
            """
            <MPD type="dynamic"><Period start="PT0S"><AdaptationSet mimeType="video/mp4">
            <SegmentTemplate timescale="90000" \(start) media="s-$Time$.m4s" initialization="i.mp4">
            <SegmentTimeline>\(entries)</SegmentTimeline></SegmentTemplate>
            <Representation id="0" bandwidth="1"/></AdaptationSet></Period></MPD>
            """)
    }

    @Test(
        arguments: [
            ("s-900000", 3, 180_000), ("s-1080000", 4, 180_000), ("s-1440000", 6, 90_000), ("s-1530000", 7, 90_000),
            // r = -1 up to the next entry, which begins where it says.
            ("s-2000000", 8, 100_000), ("s-2900000", 17, 100_000), ("s-3000000", 18, 50_000),
            ("s-9000000", 138, 50_000),
        ] as [(String, UInt64, Int64)])
    func timelines(_ name: String, _ number: UInt64, _ duration: Int64) throws {
        let manifest = try #require(
            timeline(
                #"<S t="900000" d="180000" r="2"/><S d="90000" r="1"/><S t="2000000" d="100000" r="-1"/><S t="3000000" d="50000" r="-1"/>"#
            ))
        let found = try #require(manifest.resource(at: URLReference("/live/a/\(name).m4s")))
        guard case .media(let segment) = found.kind else {
            Issue.record("no segment")
            return
        }
        #expect(
            segment.number == number && segment.duration?.value == duration && segment.duration?.timescale == 90_000)
    }

    @Test func aTimeBetweenEntriesIsOfTheTemplateOnly() throws {
        let manifest = try #require(timeline(#"<S t="0" d="100" r="3"/>"#))
        let found = try #require(manifest.resource(at: URLReference("/live/a/s-150.m4s")))
        #expect(
            found.kind
                == .media(DASHSegment(number: nil, mediaTime: MediaTime(value: 150, timescale: 90_000), duration: nil)))
    }

    @Test func hugeRepeatsEnd() throws {
        let manifest = try #require(
            timeline(#"<S t="0" d="1" r="9223372036854775807"/><S d="18446744073709551615" r="7"/>"#))
        #expect(manifest.resource(at: URLReference("/live/a/s-18446744073709551615.m4s")) != nil)
    }

    @Test func periodsFollowEachOther() throws {
        let manifest = try #require(
            read(
                """
                <MPD mediaPresentationDuration="PT1M"><Period duration="PT10S"/><Period id="b"/><Period start="PT40S"/></MPD>
                """))
        #expect(manifest.periods.map(\.start) == [0, .seconds(10), .seconds(40)])
        #expect(manifest.periods.map(\.duration) == [.seconds(10), .seconds(30), .seconds(20)])
    }

    @Test func infiniteOffsetsAndLists() throws {
        let manifest = try #require(
            read(
                """
                <MPD><Period start="PT0S"><AdaptationSet><Representation id="a" bandwidth="9">
                <BaseURL availabilityTimeOffset="INF">http://cdn.test/x/</BaseURL>
                <SegmentList duration="4"><Initialization sourceURL="i"/><SegmentURL media="one"/><SegmentURL media="two"/></SegmentList>
                </Representation><Representation id="b"><BaseURL>b.mp4</BaseURL>
                <SegmentBase indexRange="800-999"><Initialization range="0-799"/></SegmentBase></Representation>
                </AdaptationSet></Period></MPD>
                """))
        let two = try #require(manifest.resource(at: URLReference("http://cdn.test/x/two")))
        #expect(
            two.kind
                == .media(
                    DASHSegment(
                        number: 2, mediaTime: MediaTime(value: 4, timescale: 1),
                        duration: MediaTime(value: 4, timescale: 1))))
        #expect(manifest[two.position].offsetByISO == .max)
        let file = URLReference("/live/a/b.mp4")
        #expect(manifest.resource(at: file, range: 0...799)?.kind == .initialization)
        #expect(manifest.resource(at: file, range: 1_000...2_000)?.kind == .file)
    }

    @Test func entitiesAndBombsAreRefused() {
        let bomb = """
            <?xml version="1.0"?><!DOCTYPE MPD [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>
            <MPD type="&b;"><Period/></MPD>
            """
        #expect(read(bomb) == nil)
        #expect(read("<!DOCTYPE MPD SYSTEM \"file:///etc/passwd\"><MPD/>") == nil)
        #expect(read(String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)) == nil)
        #expect(read("<MPD>" + String(repeating: "<S/>", count: 70_000) + "</MPD>") == nil)
        #expect(read("<MPD><Period></MPD>") == nil && read("") == nil && read("<html/>") == nil)
        #expect(read("<MPD/>") != nil)
    }

    @Test func lengthsBeyondAnyRangeSaturate() throws {
        let end = "PT9223372036S"
        let manifest = try #require(
            read(
                """
                <MPD mediaPresentationDuration="\(end)" availabilityStartTime="9999-01-01T00:00:00Z">
                <Period start="-\(end)" duration="-\(end)"/><Period/><Period start="\(end)" duration="\(end)"/><Period/></MPD>
                """))
        #expect(manifest.periods.count == 4)
    }

    @Test func damagedManifestsNeverTrap() {
        var random = SeededRandom(seed: 77)
        for _ in 0..<1_000 {
            let bytes = random.damaged(Array(numbered.utf8))
            let read = DASHManifest(reading: unsafe bytes.span.bytes, from: URLReference("http://a/b"))
            _ = read?.resource(at: URLReference("/media/v1/seg-00007.m4s"))
        }
    }
}
