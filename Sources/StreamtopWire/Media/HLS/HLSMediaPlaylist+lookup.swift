import StreamtopBase

extension HLSMediaPlaylist {
    /// What the URL is. The newest that fits wins: a part and its segment may be ranges of one file, and a hinted part gets its
    /// URL before it is there.
    ///
    /// - Parameter range: of the request, where it asks for a part of a file. An open end is told by where it begins.
    package func resource(at url: URLReference, range: ClosedRange<UInt64>? = nil) -> HLSResource? {
        if let found = Self.part(at: url, range, in: trailingParts) {
            return resource(.part(found), of: nextSequence, trailingParts, from: trailingDate)
        }
        if hints.contains(where: { $0.type == "PART" && $0.fits(url, range) }) {
            let index = trailingParts.count
            let start = trailingDate.map { trailingParts.reduce($0) { $0 + $1.duration } }
            return HLSResource(kind: .hintedPart(index), number: nextSequence, duration: partTarget, programDate: start)
        }
        for segment in segments.reversed() {
            if segment.url.isSame(url), segment.range == nil && segment.parts.isEmpty || segment.range == range {
                return HLSResource(
                    kind: .segment, number: segment.number, duration: segment.duration, programDate: segment.programDate
                )
            }
            if let found = Self.part(at: url, range, in: segment.parts) {
                return resource(.part(found), of: segment.number, segment.parts, from: segment.programDate)
            }
            if segment.url.isSame(url), segment.range == nil {
                return HLSResource(
                    kind: .segment, number: segment.number, duration: segment.duration, programDate: segment.programDate
                )
            }
        }
        for segment in segments {
            guard let map = segment.map, map.url.isSame(url), map.range == nil || map.range == range else { continue }
            return HLSResource(kind: .initialization, number: segment.number, duration: nil, programDate: nil)
        }
        return nil
    }

    private static func part(at url: URLReference, _ range: ClosedRange<UInt64>?, in parts: [HLSPart]) -> Int? {
        parts.lastIndex { part in
            part.url.isSame(url)
                && (part.range == nil || part.range == range || part.range?.lowerBound == range?.lowerBound)
        }
    }

    private func resource(
        _ kind: HLSResource.Kind, of number: UInt64, _ parts: [HLSPart], from start: Timestamp?
    ) -> HLSResource? {
        guard case .part(let index) = kind else { return nil }
        let date = start.map { parts[..<index].reduce($0) { $0 + $1.duration } }
        return HLSResource(kind: kind, number: number, duration: parts[index].duration, programDate: date)
    }

    /// A delta update made whole with the playlist before it (RFC 8216bis section 6.2.5.1); itself where nothing was left out.
    /// Segments that neither has are missing from the front.
    package func completed(by previous: HLSMediaPlaylist) -> HLSMediaPlaylist {
        guard skipped > 0 else { return self }
        var result = self
        let end = mediaSequence &+ skipped
        let kept = previous.segments.filter { $0.number >= mediaSequence && $0.number < end }
        guard let first = kept.first, UInt64(kept.count) == end &- first.number else { return self }
        result.mediaSequence = first.number
        result.skipped = 0
        result.segments = kept + segments
        // Dates and the map go on from what was left out.
        var date = kept.last.flatMap { last in last.programDate.map { $0 + last.duration } }
        var map = kept.last?.map
        for index in kept.count..<max(kept.count, result.segments.count) {
            if result.segments[index].isDiscontinuity { date = nil }
            result.segments[index].programDate = result.segments[index].programDate ?? date
            date = result.segments[index].programDate.map { $0 + result.segments[index].duration }
            map = result.segments[index].map ?? map
            result.segments[index].map = map
        }
        result.trailingDate = result.trailingDate ?? date
        return result
    }
}

extension HLSHint {
    fileprivate func fits(_ url: URLReference, _ range: ClosedRange<UInt64>?) -> Bool {
        self.url.isSame(url) && (start == nil || range.map { $0.lowerBound == start } ?? (start == 0))
    }
}

extension HLSMultivariantPlaylist {
    /// The variant or rendition whose playlist this is.
    package enum Owner: Equatable, Sendable {
        case variant(Int)
        case rendition(Int)
    }

    package func owner(of playlist: URLReference) -> Owner? {
        if let index = variants.firstIndex(where: { !$0.isTrickPlay && $0.url.isSame(playlist) }) {
            return .variant(index)
        }
        return renditions.firstIndex { $0.url?.isSame(playlist) ?? false }.map { .rendition($0) }
    }
}

extension URLReference {
    /// The same file: path equal, and host where both are known. Directives and tokens in the query do not count.
    package func isSame(_ other: URLReference) -> Bool {
        path == other.path && (authority == nil || other.authority == nil || authority == other.authority)
    }
}
