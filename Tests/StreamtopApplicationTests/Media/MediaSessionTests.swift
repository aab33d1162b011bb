import StreamtopBase
import StreamtopModel
import StreamtopWire
import Testing

@testable import StreamtopApplication

@Suite struct MediaSessionTests {
    @Test func onePlayerOverTwoConnectionsIsOneSession() throws {
        var world = TestPresentation()
        world.play(count: 5)
        let session = try #require(world.sessions(at: 11).first)
        #expect(world.sessions(at: 11).count == 1)
        #expect(session.kind == .dash && session.isLive == true && session.isLowLatency == true)
        #expect(session.flows.map(\.number) == [1, 2] && session.origin == "origin.test")
        #expect(session.segments.filter { $0.type == .video }.map(\.number) == [1, 2, 3, 4, 5])
        #expect(session.segments.filter { $0.type == .audio }.count == 5)
        #expect(session.segments.allSatisfy { $0.chunkCount == 10 && abs(($0.duration ?? 0) - 2) < 0.001 })
        #expect(session.representations.map(\.identifier) == ["low", "high", "sound"])
        #expect(session.switches.isEmpty && !session.isInferred)
    }

    /// Handbook 5.4: the stamp names the chunk's first sample, so 200 ms of media and 50 ms of the way lie behind it.
    @Test func agesAndLatencyByTheStamps() throws {
        var world = TestPresentation()
        world.play(count: 6)
        let session = try #require(world.sessions(at: 13).first)
        let arrival = try #require(session.arrival)
        #expect(arrival.source == .prft)
        #expect(abs(arrival.p50 - .milliseconds(250)) < .milliseconds(1))
        let latency = try #require(session.liveLatency)
        let buffer = try #require(session.buffer)
        #expect(latency.source == .prft && buffer.stallCount == 0)
        // Playback begins with three chunks: 600 ms of media and the 50 ms of the way behind live.
        #expect(latency.p50 > .milliseconds(500) && latency.p50 < .milliseconds(900))
        #expect(session.pacing == .encoder)
        // From the chunk's end to its arrival the way, and what lies before the playhead: of one moment, so that they add up.
        let parts = try #require(latency.parts)
        #expect(abs(parts.arrival - .milliseconds(50)) < .milliseconds(1))
        #expect(abs(parts.arrival + parts.buffer - latency.last) < .milliseconds(10))
    }

    @Test func stampsOfAClockAheadGiveNoParts() throws {
        var world = TestPresentation()
        world.fetchManifest(on: 1, at: 0.1)
        world.fetchInit("low", on: 1, at: 0.2)
        for number in 1...4 { world.fetchSegment("low", number, on: 1, at: Double(number) * 2 - 1.9, lag: -0.1) }
        let latency = try #require(world.sessions(at: 9).first?.liveLatency)
        #expect(latency.parts == nil)
    }

    @Test func aCacheFetchesAnInitSegmentOnceForAll() throws {
        var world = TestPresentation()
        world.userAgent = "first"
        world.fetchManifest(on: 1, at: 0.1)
        world.userAgent = "second"
        world.fetchManifest(on: 2, at: 0.15)
        world.fetchInit("low", on: 3, at: 0.2)
        world.userAgent = "first"
        for number in 1...5 { world.fetchSegment("low", number, on: 1, at: Double(number) * 2 - 1.9) }
        let session = try #require(world.sessions(at: 11).first)
        #expect(session.pacing == .encoder && session.segments.allSatisfy { $0.mediaTime != nil })
    }

    @Test func withoutStampsAvailabilityTellsTheAge() throws {
        var world = TestPresentation()
        world.fetchManifest(on: 1, at: 0.1)
        world.fetchInit("low", on: 1, at: 0.2)
        for number in 1...4 { world.fetchSegment("low", number, on: 1, at: Double(number) * 2 - 1.9, stamped: false) }
        let session = try #require(world.sessions(at: 9).first)
        #expect(session.arrival?.source == .availability)
        #expect(abs((session.arrival?.p50 ?? 0) - .milliseconds(50)) < .milliseconds(1))
        #expect(session.pacing == nil)
    }

    @Test func anotherPlayerAtTheSameAddressIsAnotherSession() {
        var world = TestPresentation()
        world.fetchManifest(on: 1, at: 0.1)
        world.fetchInit("low", on: 1, at: 0.2)
        world.fetchInit("sound", on: 2, at: 0.2)
        world.fetchSegment("low", 1, on: 1, at: 0.3)
        world.fetchSegment("sound", 1, on: 2, at: 0.3)
        // The manifest does not change within a minute: one player does not ask for it again after two seconds.
        world.fetchManifest(on: 3, at: 2.1)
        world.fetchInit("low", on: 3, at: 2.15)
        world.fetchInit("sound", on: 4, at: 2.15)
        for number in 2...4 {
            let asked = Double(number - 1) * 2 + 0.3
            world.fetchSegment("low", number, on: 1, at: asked)
            world.fetchSegment("low", number, on: 3, at: asked)
            world.fetchSegment("sound", number, on: 2, at: asked)
            world.fetchSegment("sound", number, on: 4, at: asked)
        }
        let sessions = world.sessions(at: 9)
        #expect(sessions.map { $0.flows.map(\.number) } == [[1, 2], [3, 4]])
        #expect(sessions.map(\.segmentCount) == [8, 6])
    }

    /// A browser opens more connections as it likes; the manifest is due again.
    @Test func aNewConnectionOfTheSamePlayerJoins() {
        var world = TestPresentation()
        world.play(count: 2)
        world.fetchSegment("low", 3, on: 7, at: 4.1)
        world.fetchManifest(on: 8, at: 60.1)
        world.fetchSegment("low", 31, on: 8, at: 60.2)
        #expect(world.sessions(at: 63).map { $0.flows.map(\.number) } == [[1, 2, 7, 8]])
    }

    @Test func playersThatNameThemselvesAreToldApart() {
        var world = TestPresentation()
        world.clientData = [HTTPClientDatum(key: "sid", value: .text("a"))]
        world.play(count: 2)
        world.clientData = [HTTPClientDatum(key: "sid", value: .text("b"))]
        world.play(count: 2, from: 40, flows: (3, 4))
        #expect(world.sessions(at: 90).count == 2)
    }

    @Test func nothingIsASessionWithoutMedia() {
        var world = TestPresentation()
        world.fetchManifest(on: 1, at: 0.1)
        for number in 1...3 {
            // Named like segments, with nothing in them that could be read, and listed nowhere.
            let exchange = world.open("/files/seg-\(number).m4s", on: 2, at: Double(number))
            world.end(exchange, bytes: 20_000, on: 2, at: Double(number) + 0.1, isMedia: false)
        }
        #expect(world.sessions(at: 5).isEmpty)
        #expect(world.events.isEmpty)
    }

    @Test func aSwitchHasItsMomentAndItsCause() throws {
        var world = TestPresentation()
        world.play(count: 3)
        world.fetchInit("high", on: 1, at: 6.02)
        world.fetchSegment("high", 4, on: 1, at: 6.1)
        world.fetchSegment("sound", 4, on: 2, at: 6.1)
        let session = try #require(world.sessions(at: 9).first)
        let change = try #require(session.switches.first)
        #expect(session.switches.count == 1 && change.time == TestPresentation.at(6.1))
        #expect(change.from == "low" && change.to == "high" && change.toBandwidth == 1_200_000)
        #expect(change.cause == .throughputRose)
        let told = world.events.contains { if case .switched(let told) = $0.2 { told == change } else { false } }
        #expect(told)
    }

    @Test func aStallIsSeenWhileItLasts() throws {
        var world = TestPresentation()
        world.play(count: 3)
        // The next segment was asked for and does not come.
        _ = world.open("s-low-4.m4s", on: 1, at: 6.06)
        world.flush()
        world.table.advance(to: TestPresentation.at(9), into: &world.events)
        let stalls = world.events.filter { if case .stalled = $0.2 { true } else { false } }
        #expect(stalls.count == 1)
        let buffer = try #require(world.sessions(at: 9).first?.buffer)
        #expect(buffer.stallCount <= 1)
    }

    /// What is not heard of any more was closed, and who waits for nothing may have been: that is no stall.
    @Test func whoLeavesDoesNotStall() {
        var world = TestPresentation()
        world.play(count: 3)
        world.flush()
        world.table.advance(to: TestPresentation.at(9), into: &world.events)
        world.flush()
        world.table.advance(to: TestPresentation.at(60), into: &world.events)
        #expect(!world.events.contains { if case .stalled = $0.2 { true } else { false } })
    }

    @Test func aTimeSourceTellsTheClock() throws {
        var world = TestPresentation()
        world.fetchManifest(on: 1, at: 0.1)
        var exchange = world.open("/time", on: 1, at: 0.2)
        exchange.status = 200
        // It answered when half the round trip was over.
        world.report(.timeOfDay(TestPresentation.at(3.21)), exchange, on: 1, at: 0.22)
        var other = world.open("/other", on: 1, at: 0.3)
        other.status = 200
        world.report(.timeOfDay(TestPresentation.at(99)), other, on: 1, at: 0.32)
        world.fetchInit("low", on: 1, at: 0.4)
        world.fetchSegment("low", 1, on: 1, at: 0.5)
        let offset = try #require(world.sessions(at: 3).first?.clockOffset.timeSource)
        #expect(abs(offset - .seconds(3)) < .milliseconds(1))
    }

    @Test func whatThePlayerSaysReplacesTheModel() throws {
        var world = TestPresentation()
        world.play(count: 2)
        world.clientData = [
            HTTPClientDatum(key: "bl", value: .list([.init(value: .number(1_500), type: "v")])),
            HTTPClientDatum(key: "ltc", value: .number(2_100)),
        ]
        world.fetchSegment("low", 3, on: 1, at: 4.1)
        world.clientData = [HTTPClientDatum(key: "ltc", value: .number(1_790_000_004_123))]
        world.fetchSegment("sound", 3, on: 2, at: 4.1)
        let session = try #require(world.sessions(at: 6).first)
        #expect(session.buffer?.source == .cmcd && session.liveLatency?.source == .cmcd)
        #expect(session.liveLatency?.last == .milliseconds(2_100))
        #expect(session.implausibleReports == 1)
        let point = try #require(session.buffer?.series.last { $0.time <= TestPresentation.at(4.11) })
        #expect(abs(point.level - 1.5) <= 0.11)
    }

    @Test func burstsAfterPausesAreGathered() throws {
        var world = TestPresentation()
        world.fetchManifest(on: 1, at: 0.1)
        world.fetchInit("low", on: 1, at: 0.2)
        for number in 1...5 {
            let asked = Double(number - 1) * 2 + 0.05
            // All of it at once, when the segment is whole.
            world.fetchSegment("low", number, on: 1, at: asked, arrivals: { asked + 2 + Double($0) * 0.01 })
        }
        #expect(world.sessions(at: 12).first?.pacing == .gathered)
    }

    @Test func whatWasMadeBeforeIsNotGathered() throws {
        var world = TestPresentation()
        world.fetchManifest(on: 1, at: 20.1)
        world.fetchInit("low", on: 1, at: 20.2)
        for number in 1...5 {
            let asked = 20.3 + Double(number) * 0.5
            world.fetchSegment("low", number, on: 1, at: asked, arrivals: { asked + 0.3 + Double($0) * 0.01 })
        }
        #expect(world.sessions(at: 25).first?.pacing == nil)
    }

    /// What manifests take over all sessions has a bound: who rested longest forgets its own.
    @Test func manifestsStayBounded() throws {
        var world = TestPresentation()
        let bytes = Array(TestPresentation.manifest.utf8)
        for number in 0..<40 {
            world.client.address = IPAddress(v4: 0x0b00_0000 + UInt32(number))
            let flow = UInt64(number + 10)
            let exchange = world.open("live.mpd", on: flow, at: Double(number))
            let url = URLReference(exchange.url ?? "")
            let manifest = try #require(DASHManifest(reading: unsafe bytes.span.bytes, from: url))
            world.report(.dash(manifest, bytes: 1 << 20), exchange, on: flow, at: Double(number) + 0.1)
            world.flush()
            #expect(world.table.manifestBytes <= MediaSessionTable.manifestCapacity)
        }
        #expect(world.table.forgottenManifests == 24)
    }

    /// A long session keeps the newest segments, of most of them only what their chunks say together.
    @Test func aLongSessionStaysSmall() throws {
        var world = TestPresentation()
        world.play(count: 560)
        let session = try #require(world.sessions(at: 1_200).first)
        #expect(session.segmentCount == 1_120 && session.segments.count <= MediaSessionTracker.segmentCapacity)
        let detailed = session.segments.filter { !$0.chunks.isEmpty }.count
        #expect(detailed <= MediaSessionTracker.detailedSegments + 1)
        #expect(session.segments.allSatisfy { $0.cadence != nil || !$0.chunks.isEmpty })
        #expect(
            session.segments.first?.cadence?.ages?.p50
                == session.segments.last.flatMap { MediaSegmentCadence(of: $0) }?.ages?.p50)
    }

    @Test func manySessionsStayBounded() {
        var world = TestPresentation()
        for number in 0..<(MediaSessionTable.capacity + 50) {
            world.client.address = IPAddress(v4: 0x0b00_0000 + UInt32(number))
            _ = world.open("s-low-1.m4s", on: UInt64(number + 10), at: 1 + Double(number) * 0.001)
        }
        world.flush()
        #expect(world.table.count == MediaSessionTable.capacity && world.table.evicted == 50)
    }

    /// Any reports in any order, with any numbers: nothing traps, and what is kept stays within its bounds.
    @Test(arguments: 0..<40)
    func hostileReports(seed: UInt64) {
        var random = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        func next() -> UInt64 {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return random
        }
        func time() -> Timestamp {
            switch next() % 6 {
            case 0: Timestamp(nanoseconds: Int64(bitPattern: next()))
            case 1: Timestamp(nanoseconds: next() % 2 == 0 ? .max : .min)
            default: TestPresentation.at(Double(next() % 4_000) / 100)
            }
        }
        var world = TestPresentation()
        world.fetchManifest(on: 1, at: 0.1)
        world.fetchInit("low", on: 1, at: 0.2)
        world.flush()
        for _ in 0..<600 {
            let paths = [
                "s-low-\(next() % 40).m4s", "s-sound-\(next()).m4s", "live.mpd", "x.ts", "/time", "a.m3u8?_HLS_msn=1",
            ]
            var exchange = world.exchange(paths[Int(next() % 6)], at: Double(next() % 40))
            exchange.requestTime = next() % 4 == 0 ? nil : time()
            exchange.responseTime = next() % 4 == 0 ? nil : time()
            exchange.status = [200, 206, 404, nil][Int(next() % 4)]
            exchange.rangeStart = next() % 3 == 0 ? next() : nil
            exchange.requestRange = next() % 3 == 0 ? 0...(next() % 9_000) : nil
            exchange.date = next() % 3 == 0 ? time() : nil
            exchange.roundTrip = next() % 3 == 0 ? Int64(bitPattern: next()) : .milliseconds(20)
            exchange.clientData = [
                HTTPClientDatum(key: "bl", value: .number(Double(bitPattern: next()))),
                HTTPClientDatum(key: "ltc", value: .number(Double(next() % 1_000_000))),
                HTTPClientDatum(key: "bs", value: .flag(true)),
            ]
            var fragment = TestPresentation.chunk(Double(next() % 80), cameAt: 1, stamped: next() % 2 == 0)
            fragment.firstByte = time()
            fragment.lastByte = time()
            fragment.endOffset = next()
            fragment.tracks[0].baseDecodeTime = next() % 2 == 0 ? Int64(bitPattern: next()) : 2_000
            fragment.tracks[0].duration = next() % 2 == 0 ? next() : nil
            fragment.tracks[0].sampleCount = next()
            fragment.producerReferenceTime?.mediaTime = Int64(bitPattern: next())
            fragment.producerReferenceTime?.wallClock = time()
            var tracks = InitializationSegment()
            var track = TrackDescription()
            track.timescale = UInt32(truncatingIfNeeded: next())
            track.editShift = Int64(bitPattern: next())
            tracks.tracks = [track]
            var transfer = MediaTransfer(bytes: next(), isComplete: next() % 2 == 0)
            transfer.busyBytes = next()
            transfer.busyTime = Int64(bitPattern: next())
            transfer.held = Int64(bitPattern: next())
            transfer.server = Int64(bitPattern: next())
            transfer.timeToFirstByte = Int64(bitPattern: next())
            let contents: [MediaReport.Content] = [
                .asked, .answered, .chunk(fragment), .initialization(tracks), .timeOfDay(time()), .ended(transfer),
            ]
            world.table.take(
                FlowReport(
                    flow: next() % 5, identifier: nil, client: world.client, server: world.client,
                    report: MediaReport(time: time(), exchange: exchange, content: contents[Int(next() % 6)])),
                into: &world.events)
            if next() % 10 == 0 { world.table.advance(to: time(), into: &world.events) }
            if next() % 50 == 0 { world.table.forEachBuffer(at: time()) { _, _ in } }
        }
        for session in world.table.snapshots(at: time()) {
            #expect(session.segments.count <= MediaSessionTracker.segmentCapacity)
            #expect((session.buffer?.series.count ?? 0) <= BufferSeries.capacity)
        }
    }
}

@Suite struct InferredSessionTests {
    private func connection(
        _ flow: UInt64, count: Int, every: Double, bytes: UInt64, lasting: Double, from start: Double = 0,
        server: UInt16 = 443, overQUIC: Bool = false, between: UInt64 = 0
    ) -> EncryptedConnection? {
        let any = Endpoint(address: IPAddress(v4: 0x0a00_0001), port: UInt16(40_000 + flow))
        let origin = Endpoint(address: IPAddress(v4: 0x0a00_0002), port: server)
        var snapshot = FlowSnapshot(
            identifier: FlowIdentifier(number: flow), transport: .tcp, protocols: [], protocolNumber: 6,
            client: EndpointSnapshot(endpoint: any), server: EndpointSnapshot(endpoint: origin), orientation: .syn,
            start: TestPresentation.start, end: TestPresentation.start, state: .open)
        var tls = TLSSnapshot()
        for number in 0..<count {
            var burst = AnswerBurst(requestTime: TestPresentation.at(start + Double(number) * every))
            burst.firstByte = TestPresentation.at(start + Double(number) * every + 0.03)
            burst.lastByte = TestPresentation.at(start + Double(number) * every + 0.03 + lasting)
            burst.bytes = bytes
            tls.bursts.append(burst)
            // Sound between, at a moment that wanders.
            guard between > 0 else { continue }
            let later = every * (0.2 + 0.6 * Double(number % 5) / 4)
            var other = AnswerBurst(requestTime: TestPresentation.at(start + Double(number) * every + later))
            other.bytes = between
            tls.bursts.append(other)
        }
        snapshot.tls = tls
        if overQUIC {
            var quic = QUICSnapshot()
            quic.bursts = tls.bursts
            snapshot.tls?.bursts = []
            snapshot.quic = quic
        }
        return EncryptedConnection(snapshot)
    }

    private func sessions(_ connections: EncryptedConnection?...) -> [MediaSessionSnapshot] {
        InferredSessions.sessions(among: connections.compactMap { $0 }, after: 0)
    }

    @Test func segmentsAtAnEvenPace() throws {
        let found = sessions(
            connection(1, count: 10, every: 2, bytes: 150_000, lasting: 1.9),
            connection(2, count: 10, every: 2.01, bytes: 18_000, lasting: 1.9, from: 0.1))
        let session = try #require(found.first)
        #expect(found.count == 1 && session.isInferred && session.confidence > 0.5 && session.confidence < 1)
        #expect(session.segments.count == 20 && session.flows.map(\.number) == [1, 2])
        #expect(session.buffer == nil && session.liveLatency == nil && session.pacing == nil)
    }

    @Test func overQUICAndWithSoundBetween() throws {
        let quic = sessions(connection(1, count: 12, every: 2, bytes: 150_000, lasting: 1.9, overQUIC: true))
        let session = try #require(quic.first)
        #expect(quic.count == 1 && session.isInferred && session.confidence <= 0.5 && session.segments.count == 12)
        let mixed = sessions(connection(1, count: 12, every: 2, bytes: 200_000, lasting: 0.4, between: 20_000))
        #expect(mixed.count == 1 && mixed.first?.segments.count == 12, "sound is not counted as segments of its own")
        // Two sizes and no pace, and sizes that are all alike.
        #expect(sessions(connection(1, count: 12, every: 0.3, bytes: 200_000, lasting: 0.1, between: 20_000)).isEmpty)
        #expect(sessions(connection(1, count: 12, every: 2, bytes: 30_000, lasting: 0.1, between: 28_000)).isEmpty)
    }

    @Test func whatElseIsEncryptedIsNone() {
        // Polls of a kilobyte or ten, a download in one go, a page, and answers at no pace.
        #expect(sessions(connection(1, count: 30, every: 5, bytes: 9_000, lasting: 0.1)).isEmpty)
        #expect(sessions(connection(1, count: 30, every: 5, bytes: 40_000, lasting: 0.2)).isEmpty)
        #expect(sessions(connection(1, count: 4, every: 2, bytes: 150_000, lasting: 1.9)).isEmpty)
        #expect(sessions(connection(1, count: 12, every: 0.05, bytes: 80_000, lasting: 0.04)).isEmpty)
        #expect(sessions(connection(1, count: 12, every: 30, bytes: 800_000, lasting: 3)).isEmpty)
        #expect(sessions(connection(1, count: 30, every: 5, bytes: 9_000, lasting: 0.1, overQUIC: true)).isEmpty)
        #expect(sessions(connection(1, count: 4, every: 2, bytes: 150_000, lasting: 1.9, overQUIC: true)).isEmpty)
    }
}
