import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What people are told of a session as it happens.
package enum MediaSessionEvent: Equatable, Sendable {
    case switched(MediaSwitch)
    case stalled(at: Timestamp)
}

/// The player: what it says of itself, where it switches, where it runs dry.
extension MediaSessionTracker {
    /// Capture time moves on without a report.
    mutating func advance(to time: Timestamp) {
        // What is not heard of for long has left: an empty buffer then is no stall.
        // It waits for nothing: what it does meanwhile is not known.
        guard time > last, time - last < .seconds(10), !open.isEmpty else { return }
        let before = player.stallCount
        player.advance(to: time)
        eager.advance(to: time)
        careful.advance(to: time)
        emitStalls(since: before)
        series.note(player, eager, careful, at: time)
    }

    /// Common Media Client Data (CTA-5004) that came with a request or by itself.
    mutating func record(_ data: [HTTPClientDatum], type: MediaType?, at time: Timestamp) {
        guard !data.isEmpty else { return }
        for datum in data {
            switch (datum.key, datum.value) {
            case ("sid", .text(let name)): playerName = playerName ?? name
            case ("bl", .number(let value)): record(buffer: value, of: type ?? .unknown, at: time)
            case ("bl", .list(let members)):
                for member in members {
                    guard case .number(let value) = member.value else { continue }
                    record(buffer: value, of: Self.type(member.type) ?? type ?? .unknown, at: time)
                }
            case ("ltc", .number(let value)): record(latency: value)
            case ("bs", .flag(true)): reported.starved.append(at: time, held: eager.level(at: time))
            case ("mtp", .number(let value)) where value > 0 && value < 1e9: reported.throughput = value * 1_000
            default: break
            }
        }
    }

    private static func type(_ token: String?) -> MediaType? {
        switch token {
        case "v": .video
        case "a": .audio
        case "av": .muxed
        default: nil
        }
    }

    /// Milliseconds of media, as the player has them.
    private mutating func record(buffer milliseconds: Double, of type: MediaType, at time: Timestamp) {
        guard milliseconds >= 0, milliseconds <= 600_000 else {
            reported.implausible += 1
            return
        }
        let before = player.stallCount
        if milliseconds == 0 { reported.starved.append(at: time, held: eager.level(at: time)) }
        let error = player.correct(type, to: milliseconds / 1_000, at: time)
        emitStalls(since: before)
        guard let error else { return }
        reported.bufferReports += 1
        // How far the model alone would have been: it is compared before anything was told.
        reported.errors.record(Nanoseconds(ofSeconds: abs(error)))
        eager = player
        careful = player
        series.note(player, eager, careful, at: time)
    }

    /// Milliseconds behind live. A time of day, or a fraction of a second, is a player's mistake.
    private mutating func record(latency milliseconds: Double) {
        guard milliseconds > 0, milliseconds <= 600_000, milliseconds == milliseconds.rounded() else {
            reported.implausible += 1
            return
        }
        reported.latencies.record(Nanoseconds(milliseconds) * 1_000_000)
    }

    mutating func emitStalls(since before: Int) {
        guard player.stallCount > before, let stall = player.stalls.last else { return }
        emit(.stalled(at: stall.start))
    }

    /// The first request for another representation of the kind of media that leads.
    mutating func noteSwitch(to identity: MediaIdentity, _ segment: MediaSegment) {
        let type = type(of: identity)
        guard type == .video || type == .muxed || type == .unknown || type == .audio && !hasVideo else { return }
        if type == .unknown, types[identity.representation] == nil, identity.type == .unknown, hasVideo,
            isAudioName(identity)
        {
            return
        }
        guard let old = current else {
            current = (identity.representation, type)
            return
        }
        if old.type == .audio, type != .audio {
            current = (identity.representation, type)
            return
        }
        guard old.representation != identity.representation else { return }
        current = (identity.representation, type)
        var change = MediaSwitch(time: segment.requestTime, from: old.representation, to: identity.representation)
        change.flow = segment.flow
        let list = manifests.representations
        change.fromBandwidth = list.first { $0.identifier == change.from }?.bandwidth
        change.toBandwidth = list.first { $0.identifier == change.to }?.bandwidth
        change.buffer = player.level(at: segment.requestTime)
        change.throughput =
            segments.last {
                $0.throughput != nil && $0.requestTime < segment.requestTime && isLeading($0.type)
            }?.throughput
        change.cause = cause(of: change)
        if switches.count >= Self.switchCapacity { switches.removeFirst() }
        switches.append(change)
        emit(.switched(change))
    }

    private mutating func emit(_ event: MediaSessionEvent) {
        if events.count < 64 { events.append(event) }
    }

    /// An init segment said that another representation with this name is audio.
    private func isAudioName(_ identity: MediaIdentity) -> Bool {
        initializations.contains { entry in
            entry.representation == identity.representation && entry.tracks.tracks.allSatisfy(\.isAudio)
        }
    }

    /// What the figures of the moment show, and nothing where they do not.
    private func cause(of change: MediaSwitch) -> MediaSwitch.Cause? {
        guard let from = change.fromBandwidth, let to = change.toBandwidth, from != to else { return nil }
        let part = manifests.partDuration ?? chunkDuration ?? 0
        let low = isLowLatency ? 2 * part : segmentDuration ?? 0
        if to > from {
            guard let rate = change.throughput, rate > Double(to) else { return nil }
            return .throughputRose
        }
        if let rate = change.throughput, rate < 1.1 * Double(from) { return .throughputFell }
        if let level = change.buffer, level < low { return .bufferLow }
        return nil
    }
}
