import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Which media a URL names, by the manifests of a session.
struct MediaIdentity: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case initialization
        case segment
        /// A part of a segment, or one that was announced.
        case part
        case playlist
    }

    var kind: Kind
    var representation: String
    var type = MediaType.unknown
    /// Of the segment.
    var number: Int?
    /// Seconds that the manifest gives the segment, or the part.
    var duration: Double?
    /// Wall time of its first sample, where the manifest says it.
    var date: Timestamp?
    /// Where its first sample stands on the presentation's timeline, in seconds, by the manifest.
    var manifestTime: Double?
    /// The init segment that the playlist names for it.
    var map: URLReference?
    /// Which period and representation of the MPD.
    var position: DASHPosition?

    init(kind: Kind, representation: String) {
        self.kind = kind
        self.representation = representation
    }
}

/// The manifests of a session, and what they say of URLs.
struct MediaManifests: Sendable {
    /// Media playlists kept; the one that was read longest ago goes.
    static let playlistCapacity = 32

    private(set) var dash: DASHManifest?
    private(set) var multivariant: HLSMultivariantPlaylist?
    /// Newest last.
    private(set) var playlists: [(url: URLReference, playlist: HLSMediaPlaylist, bytes: Int)] = []
    /// Of the first manifest.
    private(set) var url: URLReference?
    private var folder = ""
    private var dashBytes = 0
    private var multivariantBytes = 0

    init() {}

    /// Bytes of the texts that were read.
    var textBytes: Int { playlists.reduce(dashBytes + multivariantBytes) { $0 + $1.bytes } }

    /// Forgets what they said, for want of memory.
    mutating func forget() {
        dash = nil
        multivariant = nil
        playlists = []
        dashBytes = 0
        multivariantBytes = 0
    }

    var isEmpty: Bool { dash == nil && multivariant == nil && playlists.isEmpty }
    var isHLS: Bool { multivariant != nil || !playlists.isEmpty }

    /// `bytes`: of its text.
    mutating func take(_ manifest: DASHManifest, from url: URLReference, bytes: Int) {
        dash = manifest
        dashBytes = bytes
        self.url = self.url ?? url
    }

    mutating func take(_ playlist: HLSPlaylist, from url: URLReference, bytes: Int) {
        switch playlist {
        case .multivariant(let list):
            multivariant = list
            multivariantBytes = bytes
            self.url = url
            folder = url.path.lastIndex(of: "/").map { String(url.path[...$0]) } ?? ""
        case .media(let list):
            let known = playlists.firstIndex { $0.url.isSame(url) }
            let whole = known.map { list.completed(by: playlists[$0].playlist) } ?? list
            if let known { playlists.remove(at: known) }
            if playlists.count >= Self.playlistCapacity { playlists.removeFirst() }
            playlists.append((url, whole, bytes))
            if multivariant == nil, self.url == nil { self.url = url }
        }
    }

    /// A name for a media playlist: its address as the multivariant playlist has it, or the end of its path.
    func name(of playlist: URLReference) -> String {
        if !folder.isEmpty, playlist.path.hasPrefix(folder) { return String(playlist.path.dropFirst(folder.count)) }
        return playlist.path.lastIndex(of: "/").map { String(playlist.path[$0...].dropFirst()) } ?? playlist.path
    }

    /// What the URL names; nil where the manifests do not know it.
    func identity(of url: URLReference, range: ClosedRange<UInt64>?) -> MediaIdentity? {
        for entry in playlists.reversed() {
            if entry.url.isSame(url) { return playlistIdentity(entry.url) }
            guard let found = entry.playlist.resource(at: url, range: range) else { continue }
            let kind: MediaIdentity.Kind =
                switch found.kind {
                case .initialization: .initialization
                case .segment: .segment
                case .part, .hintedPart: .part
                }
            var identity = MediaIdentity(kind: kind, representation: name(of: entry.url))
            identity.type = type(of: entry.url)
            identity.number = kind == .initialization ? nil : Int(clamping: found.number)
            identity.duration = found.duration?.seconds
            identity.date = found.programDate
            identity.map = entry.playlist.segments.last { $0.number <= found.number }?.map?.url
            return identity
        }
        if multivariant?.owner(of: url) != nil { return playlistIdentity(url) }
        guard let dash, let found = dash.resource(at: url, range: range) else { return nil }
        let representation = dash[found.position]
        var identity = MediaIdentity(kind: .segment, representation: representation.id)
        identity.type = Self.type(representation.contentType ?? representation.mimeType)
        identity.position = found.position
        switch found.kind {
        case .initialization: identity.kind = .initialization
        case .file: break
        case .media(let segment):
            identity.number = segment.number.map { Int(clamping: $0) }
            identity.duration = segment.duration?.nanoseconds?.seconds
            identity.manifestTime = segment.mediaTime.flatMap { dash.presentationTime($0, at: found.position) }?.seconds
        }
        return identity
    }

    private func playlistIdentity(_ url: URLReference) -> MediaIdentity {
        var identity = MediaIdentity(kind: .playlist, representation: name(of: url))
        identity.type = type(of: url)
        return identity
    }

    private func type(of playlist: URLReference) -> MediaType {
        guard case .rendition(let index)? = multivariant?.owner(of: playlist),
            let kind = multivariant?.renditions[index].type
        else { return .unknown }
        switch kind {
        case "AUDIO": return .audio
        case "VIDEO": return .video
        case "SUBTITLES", "CLOSED-CAPTIONS": return .text
        default: return .unknown
        }
    }

    private static func type(_ text: String?) -> MediaType {
        guard let text else { return .unknown }
        if text.hasPrefix("video") { return .video }
        if text.hasPrefix("audio") { return .audio }
        return text.hasPrefix("text") || text.hasPrefix("application/ttml") ? .text : .unknown
    }

    /// Whether the manifests say that the media are live; nil where they say nothing.
    var isLive: Bool? {
        if let newest = playlists.last { return newest.playlist.isLive }
        return dash?.isDynamic
    }

    /// The manifests offer media before their segment is whole.
    var isLowLatency: Bool {
        if playlists.contains(where: { $0.playlist.isLowLatency }) { return true }
        guard let dash, playlists.isEmpty else { return false }
        return dash.isLowLatency
            || dash.periods.contains {
                $0.representations.contains { $0.offsetByISO > 0 && $0.offsetByISO < .max }
            }
    }

    /// How often a player reads the first manifest anew; nil: never.
    var refreshPeriod: Nanoseconds? {
        if multivariant != nil { return nil }
        if let playlist = playlists.last?.playlist, dash == nil { return playlist.targetDuration }
        return dash?.minimumUpdatePeriod
    }

    /// Seconds of one chunk or part, where the manifest says it, and of one segment.
    var partDuration: Double? { playlists.compactMap { $0.playlist.partTarget }.first?.seconds }

    /// Wall time of a position on the presentation's timeline, in seconds.
    func availability(of time: Double) -> Timestamp? {
        guard let start = dash?.availabilityStart, dash?.isDynamic == true else { return nil }
        return start + Nanoseconds(ofSeconds: time)
    }

    /// Where a media time of a representation stands on the presentation's timeline.
    func presentationTime(_ time: MediaTime, _ position: DASHPosition?) -> Double? {
        guard let position, let dash, position.period < dash.periods.count,
            position.representation < dash.periods[position.period].representations.count
        else { return time.nanoseconds?.seconds }
        return (dash.presentationTime(time, at: position) ?? time.nanoseconds)?.seconds
    }

    /// The URLs whose answers are times of day (ISO/IEC 23009-1 section 5.8.4.11).
    func isTimeSource(_ url: URLReference) -> Bool {
        guard let dash else { return false }
        return dash.utcTimings.contains { timing in
            timing.scheme.contains(":http-")
                && timing.value.split(separator: " ").contains { text in
                    let base = self.url ?? url
                    return base.resolving(URLReference(text)).isSame(url)
                }
        }
    }

    /// What the manifests say of all representations.
    var representations: [MediaRepresentation] {
        var list: [MediaRepresentation] = []
        if let multivariant {
            for variant in multivariant.variants where !variant.isTrickPlay && list.count < 256 {
                var item = MediaRepresentation(identifier: name(of: variant.url), type: .unknown)
                item.bandwidth = variant.bandwidth.map { Int(clamping: $0) }
                item.codecs = variant.codecs
                item.width = variant.width.map(Int.init)
                item.height = variant.height.map(Int.init)
                if !list.contains(where: { $0.identifier == item.identifier }) { list.append(item) }
            }
            for rendition in multivariant.renditions where list.count < 256 {
                guard let url = rendition.url else { continue }
                let item = MediaRepresentation(identifier: name(of: url), type: type(of: url))
                if !list.contains(where: { $0.identifier == item.identifier }) { list.append(item) }
            }
        }
        for entry in playlists where !list.contains(where: { $0.identifier == name(of: entry.url) }) {
            list.append(MediaRepresentation(identifier: name(of: entry.url), type: type(of: entry.url)))
        }
        for period in dash?.periods ?? [] {
            for representation in period.representations where list.count < 256 {
                guard !list.contains(where: { $0.identifier == representation.id }) else { continue }
                var item = MediaRepresentation(
                    identifier: representation.id,
                    type: Self.type(representation.contentType ?? representation.mimeType))
                item.bandwidth = representation.bandwidth.map { Int(clamping: $0) }
                item.codecs = representation.codecs
                item.width = representation.width.map(Int.init)
                item.height = representation.height.map(Int.init)
                item.mimeType = representation.mimeType
                list.append(item)
            }
        }
        return list
    }
}

/// Which media a URL names by its looks alone: the last number in the file's name counts segments, what stands before it names the
/// representation.
enum MediaAddressPattern {
    static func identity(of url: URLReference) -> MediaIdentity? {
        let path = Array(url.path.utf8)
        let slash = path.lastIndex(of: UInt8(ascii: "/")) ?? 0
        let dot = path.lastIndex(of: UInt8(ascii: ".")).flatMap { $0 > slash ? $0 : nil } ?? path.count
        var end = dot
        while end > slash, !isDigit(path[end - 1]) { end -= 1 }  // at most the file's name
        var start = end
        while start > slash, isDigit(path[start - 1]), end - start < 18 { start -= 1 }
        guard start < end, let number = Int(String(decoding: path[start..<end], as: UTF8.self)) else { return nil }
        var name = path[..<start]
        while let last = name.last, [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains(last) {
            name.removeLast()
        }
        if let cut = name.lastIndex(of: UInt8(ascii: "/")), cut + 1 < name.endIndex { name = name[(cut + 1)...] }
        var identity = MediaIdentity(kind: .segment, representation: String(decoding: name, as: UTF8.self))
        identity.number = number
        return identity
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
