import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What is known of a session at a moment.
extension MediaSessionTracker {
    /// Own, measured (decision 0361): of the sessions told in captures whose origin or player logged them none was wrong; so many bound the
    /// share that is right from below (95 %, Clopper and Pearson). 28 with a manifest, 13 without.
    static let confidenceByManifest = 0.89
    static let confidenceWithout = 0.79

    func snapshot(at time: Timestamp) -> MediaSessionSnapshot {
        var session = MediaSessionSnapshot(
            number: number, kind: manifests.isHLS ? .hls : .dash, start: start, end: last, client: client)
        session.flows = flows.compactMap(\.identifier)
        session.origin = origin
        session.manifestURL = URLSecrets.masked(manifests.url?.text)
        session.isLive = manifests.isLive ?? (arrivals.count > 0 && arrivals.minimum < .seconds(60) ? true : nil)
        session.isLowLatency = isLowLatency
        session.representations = displayedRepresentations
        session.segments = segments.filter(\.isComplete)
        session.segmentCount = completeSegments
        session.switches = switches
        session.buffer = displayedBuffer(at: time)
        session.arrival = arrival
        session.liveLatency = latency(at: time)
        session.clockOffset = clocks.offset
        session.mediaClock = (hasVideo ? mediaClock : audioClock).snapshot ?? audioClock.snapshot
        let pacing = wholePacing
        session.pacing = pacing.verdict
        session.cadence = pacing.cadence
        session.partControl = partControl
        session.starvedThoughFed = reported.starved.whileFed
        session.heldWhileStarved = reported.starved.mostHeld
        session.implausibleReports = reported.implausible
        session.confidence =
            manifests.isEmpty && manifests.url == nil ? Self.confidenceWithout : Self.confidenceByManifest
        return session
    }

    private var displayedRepresentations: [MediaRepresentation] {
        var list = manifests.representations
        for segment in segments where segment.isComplete {
            guard let name = segment.representation else { continue }
            guard let position = list.firstIndex(where: { $0.identifier == name }) else {
                var item = MediaRepresentation(identifier: name, type: segment.type)
                item.segmentCount = 1
                list.append(item)
                continue
            }
            list[position].segmentCount += 1
            if list[position].type == .unknown { list[position].type = segment.type }
        }
        return list
    }

    /// With the segment in parts that is under way.
    private var wholePacing: ChunkPacing {
        var meter = pacing
        if let number = segmentInParts, let position = position(number) { meter.judge(segments[position]) }
        return meter
    }

    private var partControl: MediaPartControl? {
        guard let playlist = manifests.playlists.last(where: { $0.playlist.isLowLatency })?.playlist,
            let target = playlist.partTarget
        else { return nil }
        var control = MediaPartControl(partTarget: target)
        control.targetDuration = playlist.targetDuration
        control.partHoldBack = playlist.control?.partHoldBack
        control.longestReload = longestReload
        return control
    }

    private func displayedBuffer(at time: Timestamp) -> MediaBuffer? {
        // Behind the last report nothing is known: it may have been closed.
        var model = player
        let moment = max(min(time, lastMedia), player.time)
        model.advance(to: moment)
        guard let level = model.level(at: moment) else { return nil }
        var buffer = MediaBuffer()
        buffer.last = level
        buffer.minimum = model.minimum ?? level
        buffer.maximum = model.maximum
        buffer.stalls = model.stalls
        buffer.stallCount = model.stallCount
        buffer.stallTime = model.stallTime(at: moment)
        var late = careful
        late.advance(to: moment)
        buffer.certainStallTime = late.stallTime(at: moment)
        buffer.series = series.points
        if reported.bufferReports > 0 {
            buffer.source = .cmcd
            buffer.modelError = reported.errors.quantiles([0.5])[0].seconds
        }
        return buffer
    }

    private var arrival: MediaArrival? {
        let record = arrivals.count > 0 ? arrivals : audioArrivals
        guard record.count > 0, let source = arrivalSource ?? (audioArrivals.count > 0 ? .prft : nil) else {
            return nil
        }
        let ranks = record.quantiles([0.5, 0.95])
        return MediaArrival(
            minimum: record.minimum, p50: ranks[0], p95: ranks[1], maximum: record.maximum, source: source)
    }

    private func latency(at time: Timestamp) -> MediaLatency? {
        let isReported = reported.latencies.count > 0
        let record = isReported ? reported.latencies : latencies
        guard record.count > 0, let source = isReported ? .cmcd : latencySource else { return nil }
        let ranks = record.quantiles([0.5, 0.95])
        var latency = MediaLatency(last: record.last, p50: ranks[0], p95: ranks[1], source: source)
        latency.drift = latencyTrend.drift
        if !isReported {
            var model = player
            let moment = max(min(time, lastMedia), player.time)
            model.advance(to: moment)
            if model.isPlaying, let playhead = model.playhead, let zero {
                latency.last = moment - (zero + Nanoseconds(ofSeconds: playhead))
            }
            // Since then it may have stalled, or been told otherwise.
            if let parts = latencyParts {
                let whole = Timestamp(nanoseconds: saturatingAdd(parts.arrival, parts.buffer))
                let rest = whole - Timestamp(nanoseconds: latency.last)
                if rest.magnitude < 10_000_000 { latency.parts = parts }
            }
        }
        return latency
    }
}
