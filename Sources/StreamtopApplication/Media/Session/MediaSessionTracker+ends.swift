import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What ends: responses, segments that are there as a whole, reloads of playlists.
extension MediaSessionTracker {
    mutating func end(_ transfer: MediaTransfer, _ report: FlowReport, _ name: ExchangeName) {
        defer { forget(name) }
        noteReload(transfer, report.report.exchange)
        guard let known = open.first(where: { $0.name == name }), let number = known.segment,
            let position = position(number)
        else { return }
        var segment = segments[position]
        let exchange = report.report.exchange
        segment.bytes &+= transfer.bytes
        segment.endTime = report.report.time
        segment.held = saturatingAdd(segment.held ?? 0, transfer.held ?? 0)
        if let server = transfer.server { segment.server = max(segment.server ?? 0, server) }
        segment.cache = exchange.cache?.state
        segment.codingChunks += transfer.borders
        segment.alignedChunks += transfer.alignedBorders
        segment.busyBytes &+= transfer.busyBytes
        segment.busyTime = saturatingAdd(segment.busyTime, transfer.busyTime)
        segment.throughput = DeliveryPace.throughput(segment.busyBytes, segment.busyTime)
        let wasComplete = segment.isComplete
        segment.isComplete = wasComplete || transfer.isComplete && transfer.bytes > 0
        let chunks = segment.chunks.reduce(0) { $0 + $1.duration }
        if segment.chunkCount == segment.chunks.count, chunks > 0 { segment.duration = chunks }
        segments[position] = segment
        guard segment.isComplete else { return }
        if !wasComplete {
            completeSegments += 1
            if transfer.isMedia { mediaSegments += 1 }
        }
        if known.identity?.kind == .segment { pacing.judge(segment) }
        if let stamp = segment.chunks.last?.producerTime, segment.chunkCount >= 2, stamp > segment.requestTime,
            clocks.youngest >= 0, known.identity?.kind == .segment
        {
            segmentsBeingMade += 1
        }
        guard segment.chunkCount == 0 else { return }
        endWhole(position, known.identity, exchange, at: report.report.time)
    }

    /// A segment without readable chunks (MPEG-TS, encrypted containers): all of it is there at once, and the manifest says what
    /// it is.
    mutating func endWhole(
        _ position: Int, _ identity: MediaIdentity?, _ exchange: MediaExchange, at time: Timestamp
    ) {
        let duration = segments[position].duration ?? segmentDuration ?? 0
        guard duration > 0 else { return }
        let type: MediaType = segments[position].type == .unknown ? .muxed : segments[position].type
        segments[position].type = type
        setType(type, of: segments[position].representation ?? "")
        var start = segments[position].mediaTime ?? runningEnd ?? 0
        if let date = identity?.date {
            if zero == nil { zero = date }
            if let zero { start = (date - zero).seconds }
            arrivalSource = .manifest
            arrivals.record(time - (date + Nanoseconds(ofSeconds: duration)))
        } else if let made = manifests.availability(of: start + duration) {
            arrivalSource = .availability
            arrivals.record(time - made)
            zero = manifests.availability(of: 0)
        }
        runningEnd = start + duration
        play(type, from: start, to: start + duration, at: time)
        mediaClock.note(start, at: time)
    }

    /// A blocking reload of a playlist is over.
    mutating func noteReload(_ transfer: MediaTransfer, _ exchange: MediaExchange) {
        guard transfer.isComplete, let wait = transfer.timeToFirstByte, let text = exchange.url,
            HLSDirectives(URLReference(text))?.sequence != nil, exchange.status == 200
        else { return }
        longestReload = max(longestReload ?? 0, wait)
    }
}
