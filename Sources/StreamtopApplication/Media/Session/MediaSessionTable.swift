import StreamtopBase
import StreamtopModel
import StreamtopWire

/// The media sessions of a capture: gives each report to the session it belongs to, and opens one where there is none.
///
/// A session is one player at one presentation. Connections are told apart by what they fetch: who asks a second time for a
/// manifest that does not change, or for a segment that was fetched already, is another player behind the same address.
package struct MediaSessionTable: Sendable {
    /// Sessions followed; the one that rested longest makes room, counted.
    package static let capacity = 5_000
    /// Segments kept over all sessions; the more sessions, the fewer each keeps, and at least 16.
    static let segmentCapacity = 262_144
    /// Text of manifests, over all sessions: what it says takes a few times as much. The session that rested longest forgets its own.
    package static let manifestCapacity = 16 << 20
    /// Connections remembered.
    static let connectionCapacity = 65_536
    /// A session that fetched nothing for this long is over: what comes then is another.
    static let patience: Nanoseconds = .seconds(120)

    package static let limits =
        [
            Limit("media sessions", capacity, per: .engine, policy: "the one that rested longest goes, counted"),
            Limit("segments of all media sessions", segmentCapacity, per: .engine, policy: "each session keeps fewer"),
            Limit(
                "manifests of media sessions", manifestCapacity, .bytes, per: .engine,
                policy: "the session that rested longest forgets its own, counted"),
            Limit(
                "connections of media sessions", connectionCapacity, per: .engine, policy: "the oldest goes, counted"),
        ] + MediaSessionTracker.limits

    private var sessions: [MediaSessionTracker] = []
    /// Which session a connection fetches for, by the session's number.
    private var connections = BoundedMap<UInt64, Int>(capacity: MediaSessionTable.connectionCapacity)
    private var begun = 0
    package private(set) var evicted: UInt64 = 0
    /// Text of the manifests that sessions have.
    package private(set) var manifestBytes = 0
    /// Sessions that had to forget their manifests.
    package private(set) var forgottenManifests: UInt64 = 0

    package init() {}

    package var isEmpty: Bool { sessions.isEmpty }
    package var count: Int { sessions.count }

    /// Takes a report; what came of it is appended to `events`.
    package mutating func take(
        _ report: FlowReport, into events: inout [(session: Int, flow: FlowIdentifier?, MediaSessionEvent)]
    ) {
        guard let index = session(for: report) else { return }
        let before = sessions[index].manifests.textBytes
        sessions[index].take(report)
        if case .initialization = report.report.content { share(report, from: index) }
        manifestBytes += sessions[index].manifests.textBytes - before
        if manifestBytes > Self.manifestCapacity { forgetManifests(besides: index) }
        drain(index, report.identifier, &events)
    }

    /// A cache fetches an init segment once for all whom it serves: its other sessions at the presentation know it from then on.
    private mutating func share(_ report: FlowReport, from index: Int) {
        guard let url = sessions[index].manifests.url else { return }
        for other in sessions.indices where other != index && sessions[other].client == report.client.address {
            if let own = sessions[other].manifests.url, own.isSame(url) { sessions[other].learn(report) }
        }
    }

    /// Time passes: playback goes on, and may run dry.
    package mutating func advance(
        to time: Timestamp, into events: inout [(session: Int, flow: FlowIdentifier?, MediaSessionEvent)]
    ) {
        for index in sessions.indices {
            sessions[index].advance(to: time)
            drain(index, sessions[index].flows.first?.identifier, &events)
        }
    }

    private mutating func forgetManifests(besides kept: Int) {
        while manifestBytes > Self.manifestCapacity,  // each pass frees some, or ends
            let oldest = sessions.indices.filter({ $0 != kept && sessions[$0].manifests.textBytes > 0 })
                .min(by: { sessions[$0].last < sessions[$1].last })
        {
            manifestBytes -= sessions[oldest].manifests.textBytes
            sessions[oldest].manifests.forget()
            forgottenManifests &+= 1
        }
    }

    private mutating func drain(
        _ index: Int, _ flow: FlowIdentifier?,
        _ events: inout [(session: Int, flow: FlowIdentifier?, MediaSessionEvent)]
    ) {
        // What was no session after all has nothing to tell.
        guard !sessions[index].events.isEmpty, sessions[index].isEstablished else { return }
        for event in sessions[index].events { events.append((sessions[index].number, flow, event)) }
        sessions[index].events.removeAll(keepingCapacity: true)
    }

    /// Every session of which enough was seen, in the order of their first requests.
    package func snapshots(at time: Timestamp) -> [MediaSessionSnapshot] {
        var number = 0
        return sessions.filter(\.isEstablished).map { tracker in
            number += 1
            var session = tracker.snapshot(at: time)
            session.number = number
            return session
        }
    }

    /// Seconds that the player of a connection holds at `time`.
    package func forEachBuffer(at time: Timestamp, _ body: (UInt64, Double) -> Void) {
        for session in sessions where session.isEstablished {
            guard time - session.last < .seconds(10), let level = session.player.level(at: time) else { continue }
            for flow in session.flows { body(flow.ordinal, level) }
        }
    }

    // MARK: Whose is it

    private mutating func session(for report: FlowReport) -> Int? {
        let exchange = report.report.exchange
        guard let text = exchange.url else { return nil }
        let url = URLReference(text)
        let playerName = Self.playerName(exchange.clientData)
        if let number = connections[report.flow], let index = position(of: number) {
            // Whose exchange it is was settled when it was asked for.
            guard case .asked = report.report.content else { return index }
            let isSame =
                playerName == nil || sessions[index].playerName == nil || sessions[index].playerName == playerName
            let isAwake = report.report.time - sessions[index].last < Self.patience
            if isSame, isAwake, sessions[index].fits(url, exchange) { return index }
        }
        if let index = candidate(report, url, playerName) {
            connections.insert(sessions[index].number, for: report.flow, renews: true)
            return index
        }
        guard opensSession(report.report, url) else { return nil }
        return open(report)
    }

    private static func playerName(_ data: [HTTPClientDatum]) -> String? {
        for datum in data where datum.key == "sid" {
            if case .text(let name) = datum.value { return name }
        }
        return nil
    }

    private func candidate(_ report: FlowReport, _ url: URLReference, _ playerName: String?) -> Int? {
        let exchange = report.report.exchange
        var best: (index: Int, rank: Int)?
        for index in sessions.indices.reversed() {
            let session = sessions[index]
            guard session.client == report.client.address, report.report.time - session.last < Self.patience,
                session.userAgent == exchange.userAgent
            else { continue }
            if let playerName, let known = session.playerName {
                if known == playerName { return index }
                continue
            }
            guard session.fits(url, exchange), !session.isTakenUp(url, report) else { continue }
            let rank = session.rank(of: report)
            if rank > best?.rank ?? .min { best = (index, rank) }
        }
        return best?.index
    }

    /// What begins a session: a manifest, or a request for something that looks like a segment.
    private func opensSession(_ report: MediaReport, _ url: URLReference) -> Bool {
        if let status = report.exchange.status, status != 200, status != 206 { return false }
        switch report.content {
        case .asked: return MediaBodyKind.kind(ofPath: url.path) != nil
        case .answered: return MediaBodyKind(type: report.exchange.contentType, path: url.path) != nil
        case .initialization, .chunk, .dash, .hls, .transportStream: return true
        case .timeOfDay, .playerEvent, .ended: return false
        }
    }

    private mutating func open(_ report: FlowReport) -> Int {
        if sessions.count >= Self.capacity,
            let oldest = sessions.indices.min(by: { sessions[$0].last < sessions[$1].last })
        {
            manifestBytes -= sessions[oldest].manifests.textBytes
            sessions.remove(at: oldest)
            evicted &+= 1
        }
        begun += 1
        sessions.append(MediaSessionTracker(number: begun, report))
        let share = max(16, Self.segmentCapacity / sessions.count)
        if share < MediaSessionTracker.segmentCapacity {
            for index in sessions.indices { sessions[index].segmentLimit = share }
        }
        connections.insert(begun, for: report.flow, renews: true)
        return sessions.count - 1
    }

    private func position(of number: Int) -> Int? {
        // In the order of their numbers.
        var low = 0
        var high = sessions.count
        while low < high {  // halves the range each round
            let middle = low + (high - low) / 2
            if sessions[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < sessions.count && sessions[low].number == number ? low : nil
    }
}

extension MediaSessionTracker {
    /// The URL may be of this session: its manifests know it, or it lies where the session's other files lie.
    func fits(_ url: URLReference, _ exchange: MediaExchange) -> Bool {
        if manifests.identity(of: url, range: exchange.requestRange) != nil { return true }
        if let own = manifests.url, own.isSame(url) { return true }
        if manifests.isTimeSource(url) { return true }
        // A player's own report names no media.
        if MediaBodyKind(type: exchange.contentType, path: url.path) == nil { return exchange.method == "POST" }
        return folders.contains(Self.folder(of: url)) || folders.isEmpty
    }

    static func folder(of url: URLReference) -> String {
        (url.authority ?? "") + (url.path.lastIndex(of: "/").map { String(url.path[..<$0]) } ?? "")
    }

    /// Somebody fetched this for the session already, on another connection, and one player fetches it once.
    func isTakenUp(_ url: URLReference, _ report: FlowReport) -> Bool {
        let asked = report.report.exchange.requestTime ?? report.report.time
        let identity = manifests.identity(of: url, range: report.report.exchange.requestRange)
        if let own = manifests.url, own.isSame(url), let read = manifestTime {
            return asked - read < (manifests.refreshPeriod ?? .seconds(3_600)) / 2
        }
        guard let identity else { return false }
        switch identity.kind {
        case .playlist: return false
        case .initialization: return initializations.contains { $0.representation == identity.representation }
        case .part: return false
        case .segment:
            guard (report.report.exchange.rangeStart ?? 0) == 0 else { return false }
            return segments.contains {
                $0.number == identity.number && $0.representation == identity.representation && $0.isComplete
            }
                || open.contains {
                    $0.name.flow != report.flow && $0.identity?.number == identity.number
                        && $0.identity?.representation == identity.representation && $0.identity?.kind == .segment
                }
        }
    }

    /// The more, the likelier it is that a new connection belongs to this session: one that fetched something just now.
    func rank(of report: FlowReport) -> Int {
        -Int(clamping: (report.report.time - last).magnitude / 1_000_000)
    }
}
