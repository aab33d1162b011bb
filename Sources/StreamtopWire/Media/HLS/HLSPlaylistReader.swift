import StreamtopBase

extension HLSPlaylist {
    /// Bounds on what is kept of one playlist.
    package static var lengthLimit: Int { 4 << 20 }
    package static var segmentCapacity: Int { 16_384 }
    package static var partCapacity: Int { 4_096 }
    package static var variantCapacity: Int { 256 }

    /// Reads a playlist that was fetched from `url`; nil where it is none.
    package init?(reading bytes: RawSpan, from url: URLReference) {
        var reader = ByteReader(bytes)
        guard bytes.byteCount <= Self.lengthLimit else { return nil }
        let text = String(decoding: reader.copy(reader.remaining), as: UTF8.self)
        var lines = text.split(whereSeparator: \.isNewline)[...]
        guard var first = lines.popFirst() else { return nil }
        if first.unicodeScalars.first == "\u{feff}" { first.unicodeScalars.removeFirst() }
        guard first.hasPrefix("#EXTM3U") else { return nil }
        // Tags of one kind do not stand in playlists of the other (section 4.3).
        if lines.contains(where: {
            $0.hasPrefix("#EXT-X-STREAM-INF") || $0.hasPrefix("#EXT-X-MEDIA:")
                || $0.hasPrefix("#EXT-X-I-FRAME-STREAM-INF")
        }) {
            self = .multivariant(HLSMultivariantPlaylist(lines, from: url))
        } else {
            var state = MediaPlaylistReader(base: url)
            for line in lines { state.take(line) }
            self = .media(state.finished())
        }
    }
}

extension HLSMultivariantPlaylist {
    fileprivate init(_ lines: ArraySlice<Substring>, from base: URLReference) {
        self.init()
        var pending: HLSAttributes?
        for line in lines {
            if let rest = line.after("#EXT-X-STREAM-INF:") {
                pending = HLSAttributes(rest)
            } else if let rest = line.after("#EXT-X-I-FRAME-STREAM-INF:") {
                let attributes = HLSAttributes(rest)
                guard variants.count < HLSPlaylist.variantCapacity, let uri = attributes["URI"] else { continue }
                variants.append(HLSVariant(attributes, base.resolving(URLReference(uri)), isTrickPlay: true))
            } else if let rest = line.after("#EXT-X-MEDIA:") {
                let attributes = HLSAttributes(rest)
                guard renditions.count < HLSPlaylist.variantCapacity else { continue }
                renditions.append(
                    HLSRendition(
                        type: attributes["TYPE"] ?? "", group: attributes["GROUP-ID"] ?? "",
                        name: attributes["NAME"] ?? "", language: attributes["LANGUAGE"],
                        url: attributes["URI"].map { base.resolving(URLReference($0)) }))
            } else if !line.hasPrefix("#"), let attributes = pending {
                pending = nil
                guard variants.count < HLSPlaylist.variantCapacity else { continue }
                variants.append(HLSVariant(attributes, base.resolving(URLReference(line.trimmed)), isTrickPlay: false))
            }
        }
    }
}

extension HLSVariant {
    fileprivate init(_ attributes: HLSAttributes, _ url: URLReference, isTrickPlay: Bool) {
        let size = (attributes["RESOLUTION"] ?? "").split(separator: "x").map { UInt32($0) }
        self.init(
            url: url, bandwidth: attributes.number("BANDWIDTH"),
            averageBandwidth: attributes.number("AVERAGE-BANDWIDTH"), codecs: attributes["CODECS"],
            width: size.count == 2 ? size[0] : nil, height: size.count == 2 ? size[1] : nil,
            frameRate: attributes["FRAME-RATE"].flatMap { Double($0) }, audio: attributes["AUDIO"],
            isTrickPlay: isTrickPlay)
    }
}

/// Takes the lines of a media playlist one by one.
private struct MediaPlaylistReader {
    private var playlist = HLSMediaPlaylist()
    private let base: URLReference
    private var parts: [HLSPart] = []
    private var partCount = 0
    private var duration: Nanoseconds?
    private var range: (length: UInt64, start: UInt64?)?
    private var ownDate: Timestamp?
    /// The program date of the next segment, as far as those before give it.
    private var date: Timestamp?
    private var isDiscontinuity = false
    private var isGap = false
    private var isEncrypted = false
    private var map: HLSMap?
    /// Where the next byte range without an offset begins, and in which file.
    private var next: (path: String, start: UInt64)?
    private var nextPart: (path: String, start: UInt64)?

    init(base: URLReference) { self.base = base }

    mutating func take(_ line: Substring) {
        guard line.hasPrefix("#") else { return endSegment(line.trimmed) }
        guard line.hasPrefix("#EXT") else { return }
        let name = line.prefix { $0 != ":" }
        let value = line.dropFirst(name.count + 1)
        switch name {
        case "#EXTINF": duration = HLSAttributes.duration(value)
        case "#EXT-X-VERSION": playlist.version = Int(value.trimmed)
        case "#EXT-X-TARGETDURATION": playlist.targetDuration = HLSAttributes.duration(value)
        case "#EXT-X-MEDIA-SEQUENCE": playlist.mediaSequence = UInt64(value.trimmed) ?? 0
        case "#EXT-X-DISCONTINUITY-SEQUENCE": playlist.discontinuitySequence = UInt64(value.trimmed) ?? 0
        case "#EXT-X-PLAYLIST-TYPE": playlist.type = String(value.trimmed)
        case "#EXT-X-ENDLIST": playlist.hasEnded = true
        case "#EXT-X-INDEPENDENT-SEGMENTS": playlist.isIndependent = true
        case "#EXT-X-I-FRAMES-ONLY": playlist.isIFramesOnly = true
        case "#EXT-X-PROGRAM-DATE-TIME": ownDate = ISO8601Parser.instant(value.trimmed)
        case "#EXT-X-DISCONTINUITY":
            isDiscontinuity = true
            date = nil
        case "#EXT-X-GAP": isGap = true
        case "#EXT-X-KEY": isEncrypted = HLSAttributes(value)["METHOD"] != "NONE"
        case "#EXT-X-BYTERANGE": range = Self.byteRange(value.trimmed)
        case "#EXT-X-MAP":
            let attributes = HLSAttributes(value)
            guard let uri = attributes["URI"] else { return }
            let part = attributes["BYTERANGE"].flatMap { Self.byteRange($0[...]) }
            map = HLSMap(
                url: base.resolving(URLReference(uri)), range: part.flatMap { Self.closed($0.start ?? 0, $0.length) })
        case "#EXT-X-PART-INF": playlist.partTarget = HLSAttributes(value).duration("PART-TARGET")
        case "#EXT-X-PART": add(part: HLSAttributes(value))
        case "#EXT-X-PRELOAD-HINT":
            let attributes = HLSAttributes(value)
            guard let uri = attributes["URI"], playlist.hints.count < 8 else { return }
            playlist.hints.append(
                HLSHint(
                    type: attributes["TYPE"] ?? "", url: base.resolving(URLReference(uri)),
                    start: attributes.number("BYTERANGE-START"), length: attributes.number("BYTERANGE-LENGTH")))
        case "#EXT-X-SERVER-CONTROL":
            let attributes = HLSAttributes(value)
            playlist.control = HLSServerControl(
                canBlockReload: attributes.isYes("CAN-BLOCK-RELOAD"),
                canSkipUntil: attributes.duration("CAN-SKIP-UNTIL"), holdBack: attributes.duration("HOLD-BACK"),
                partHoldBack: attributes.duration("PART-HOLD-BACK"))
        case "#EXT-X-SKIP":
            playlist.skipped = min(HLSAttributes(value).number("SKIPPED-SEGMENTS") ?? 0, 1 << 32)
        case "#EXT-X-RENDITION-REPORT":
            let attributes = HLSAttributes(value)
            guard let uri = attributes["URI"], playlist.reports.count < HLSPlaylist.variantCapacity else { return }
            playlist.reports.append(
                HLSRenditionReport(
                    url: base.resolving(URLReference(uri)), lastSequence: attributes.number("LAST-MSN"),
                    lastPart: attributes.number("LAST-PART")))
        default: break
        }
    }

    private mutating func add(part attributes: HLSAttributes) {
        guard let uri = attributes["URI"], let length = attributes.duration("DURATION"),
            partCount < HLSPlaylist.partCapacity
        else { return }
        let url = base.resolving(URLReference(uri))
        let bytes = attributes["BYTERANGE"].flatMap { Self.byteRange($0[...]) }
        let range = bytes.flatMap { Self.closed($0.start ?? Self.start(nextPart, url), $0.length) }
        nextPart = range.map { (url.path, $0.upperBound &+ 1) }
        partCount += 1
        parts.append(
            HLSPart(
                url: url, range: range, duration: length, isIndependent: attributes.isYes("INDEPENDENT"),
                isGap: attributes.isYes("GAP")))
    }

    private mutating func endSegment(_ uri: Substring) {
        guard !uri.isEmpty, let length = duration, playlist.segments.count < HLSPlaylist.segmentCapacity else { return }
        let url = base.resolving(URLReference(uri))
        let bytes = range.flatMap { Self.closed($0.start ?? Self.start(next, url), $0.length) }
        next = bytes.map { (url.path, $0.upperBound &+ 1) }
        let begin = ownDate ?? date
        playlist.segments.append(
            HLSSegment(
                number: playlist.nextSequence, url: url, range: bytes, duration: length, programDate: begin,
                hasOwnDate: ownDate != nil, isDiscontinuity: isDiscontinuity, isGap: isGap, isEncrypted: isEncrypted,
                map: map, parts: parts))
        date = begin.map { $0 + length }
        parts = []
        duration = nil
        range = nil
        ownDate = nil
        isDiscontinuity = false
        isGap = false
    }

    consuming func finished() -> HLSMediaPlaylist {
        var result = playlist
        result.trailingParts = parts
        result.trailingDate = ownDate ?? date
        return result
    }

    /// `n[@o]`.
    private static func byteRange(_ text: Substring) -> (length: UInt64, start: UInt64?)? {
        let parts = text.split(separator: "@", maxSplits: 1)
        guard let length = parts.first.flatMap({ UInt64($0) }) else { return nil }
        return (length, parts.count > 1 ? UInt64(parts[1]) : nil)
    }

    private static func start(_ next: (path: String, start: UInt64)?, _ url: URLReference) -> UInt64 {
        next.map { $0.path == url.path ? $0.start : 0 } ?? 0
    }

    private static func closed(_ start: UInt64, _ length: UInt64) -> ClosedRange<UInt64>? {
        let (end, overflow) = start.addingReportingOverflow(length)
        return overflow || length == 0 ? nil : start...(end - 1)
    }
}

extension Substring {
    fileprivate func after(_ prefix: String) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }

    fileprivate var trimmed: Substring {
        var rest = self
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest.drop(while: \.isWhitespace)
    }
}
