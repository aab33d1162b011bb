import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Media as they come: init segments, chunks, and what they mean for the player.
extension MediaSessionTracker {
    /// Another session was sent an init segment of this presentation.
    mutating func learn(_ report: FlowReport) {
        let exchange = report.report.exchange
        guard case .initialization(let tracks) = report.report.content,
            let representation = identity(of: exchange)?.representation,
            !initializations.contains(where: { $0.representation == representation })
        else { return }
        take(tracks, report, ExchangeName(flow: report.flow, exchange: exchange.identifier))
    }

    mutating func take(_ tracks: InitializationSegment, _ report: FlowReport, _ name: ExchangeName) {
        guard let url = report.report.exchange.url else { return }
        let identity = identity(of: report.report.exchange) ?? MediaAddressPattern.identity(of: URLReference(url))
        guard let representation = identity?.representation else { return }
        initializations.removeAll { $0.representation == representation }
        if initializations.count >= Self.initializationCapacity { initializations.removeFirst() }
        initializations.append((representation, URLReference(url), tracks))
        if let type = Self.type(of: tracks) { setType(type, of: representation) }
    }

    static func type(of tracks: InitializationSegment) -> MediaType? {
        let hasVideo = tracks.tracks.contains { $0.isVideo }
        let hasAudio = tracks.tracks.contains { $0.isAudio }
        return hasVideo && hasAudio ? .muxed : hasVideo ? .video : hasAudio ? .audio : nil
    }

    mutating func setType(_ type: MediaType, of representation: String) {
        guard types[representation] != nil || types.count < 512 else { return }
        types[representation] = type
    }

    mutating func take(_ fragment: MediaFragment, _ report: FlowReport, _ name: ExchangeName) {
        guard let number = begin(report, name), let position = position(number) else { return }
        let identity = open.first { $0.name == name }?.identity
        let representation = segments[position].representation ?? ""
        let tracks = initialization(of: representation, identity)
        if segments[position].type == .unknown, types[representation] == nil, let type = tracks.flatMap(Self.type) {
            setType(type, of: representation)
        }
        var chunk = MediaChunk(
            firstByteTime: fragment.firstByte, lastByteTime: fragment.lastByte, duration: 0, bytes: fragment.byteCount)
        if let track = fragment.tracks.first {
            let description = tracks?[track.trackID] ?? tracks?.tracks.first
            if let description, description.timescale > 0 {
                let units = track.duration ?? description.defaults?.duration.map { UInt64($0) &* track.sampleCount }
                chunk.duration = Double(units ?? 0) / Double(description.timescale)
                if let time = track.presentationTime(in: description) {
                    chunk.mediaTime = manifests.presentationTime(time, identity?.position)
                }
            } else if let part = identity?.duration, identity?.kind == .part {
                chunk.duration = part
            }
        }
        if let stamp = fragment.producerReferenceTime {
            chunk.producerTime = stamp.wallClock
            chunk.age = fragment.lastByte - stamp.wallClock
        }
        add(chunk, to: position, stampOffset(fragment, tracks), report)
    }

    /// Seconds from the media time that a stamp names to the chunk's first sample: as a rule none.
    func stampOffset(_ fragment: MediaFragment, _ tracks: InitializationSegment?) -> Double {
        guard let stamp = fragment.producerReferenceTime, let track = fragment.tracks.first,
            let scale = (tracks?[track.trackID] ?? tracks?.tracks.first)?.timescale, scale > 0,
            let base = track.baseDecodeTime
        else { return 0 }
        let units = base.subtractingReportingOverflow(stamp.mediaTime)
        let offset = Double(units.partialValue) / Double(scale)
        return units.overflow || abs(offset) > 60 ? 0 : offset
    }

    mutating func add(_ chunk: MediaChunk, to position: Int, _ stampOffset: Double, _ report: FlowReport) {
        var segment = segments[position]
        let type = segment.type == .unknown ? types[segment.representation ?? ""] ?? .unknown : segment.type
        segment.type = type
        if segment.chunkCount == 0 { segment.mediaTime = chunk.mediaTime ?? segment.mediaTime }
        segment.chunkCount += 1
        if segment.chunks.count < MediaSegment.chunkCapacity { segment.chunks.append(chunk) }
        segment.endTime = chunk.lastByteTime
        segments[position] = segment
        if chunk.duration > 0, isLeading(type) {
            chunkDuration = segment.chunkCount == 1 || chunkDuration == nil ? chunk.duration : chunkDuration
        }
        if let stamp = chunk.producerTime, let age = chunk.age {
            if isLeading(type) { clocks.note(age: age) }
            if type == .audio { audioArrivals.record(age) } else { arrivals.record(age) }
            if isLeading(type) {
                arrivalSource = .prft
                if let time = chunk.mediaTime { zero = stamp - Nanoseconds(ofSeconds: time - stampOffset) }
            }
        } else if let time = chunk.mediaTime, isLeading(type),
            let made = manifests.availability(of: time + chunk.duration)
        {
            let age = chunk.lastByteTime - made
            if arrivalSource != .prft {
                arrivalSource = .availability
                if type == .audio { audioArrivals.record(age) } else { arrivals.record(age) }
                zero = manifests.availability(of: 0)
            }
        }
        guard let time = chunk.mediaTime, chunk.duration > 0 else { return }
        play(type, from: time, to: time + chunk.duration, at: chunk.lastByteTime)
        if type == .audio {
            audioClock.note(time, at: chunk.lastByteTime)
        } else {
            mediaClock.note(time, at: chunk.lastByteTime)
        }
    }

    /// Media are there: the player has them now.
    mutating func play(_ type: MediaType, from start: Double, to end: Double, at time: Timestamp) {
        setThresholds()
        noteLatency(type, at: time)
        let before = player.stallCount
        player.add(type, from: start, to: end, at: time)
        eager.add(type, from: start, to: end, at: time)
        careful.add(type, from: start, to: end, at: time)
        emitStalls(since: before)
        noteParts(type, end, at: time)
        series.note(player, eager, careful, at: time)
    }

    /// What the latency of this moment is made of. A stamp of a clock ahead makes the media come before they are made: then nothing.
    mutating func noteParts(_ type: MediaType, _ end: Double, at time: Timestamp) {
        guard isLeading(type), player.end(of: type) == end else { return }
        latencyParts = nil
        guard player.isPlaying, let playhead = player.playhead, let zero else { return }
        let arrival = time - (zero + Nanoseconds(ofSeconds: end))
        let buffer = Nanoseconds(ofSeconds: end - playhead)
        guard arrival >= 0, buffer >= 0 else { return }
        latencyParts = MediaLatency.Parts(time: time, arrival: arrival, buffer: buffer)
    }

    /// How far behind live it plays, at the moment at which more came.
    mutating func noteLatency(_ type: MediaType, at time: Timestamp) {
        guard isLeading(type), player.isPlaying else { return }
        let before = player.stallCount
        player.advance(to: time)
        emitStalls(since: before)
        guard player.isPlaying, let playhead = player.playhead, let zero else { return }
        let latency = time - (zero + Nanoseconds(ofSeconds: playhead))
        latencies.record(latency)
        latencySource = arrivalSource
        latencyTrend.note(latency, at: time)
    }

    /// Players of low latency begin with three parts (RFC 8216bis section 4.4.3.8 asks for no less), others with a segment.
    mutating func setThresholds() {
        let chunk = manifests.partDuration ?? chunkDuration ?? 0.2
        let segment = segmentDuration ?? 2
        if isLowLatency {
            player.threshold = 3 * chunk
            eager.threshold = chunk
            careful.threshold = max(2, 3 * chunk)
        } else {
            // One segment, of which the last frame of sound may be missing.
            player.threshold = 0.9 * segment
            eager.threshold = 0.9 * min(segment, 2)
            careful.threshold = 2.9 * segment
        }
    }

    /// Chunks or parts are fetched while their segment is being made.
    var isLowLatency: Bool { manifests.isLowLatency || segmentsBeingMade >= 2 }
}
