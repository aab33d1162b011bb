import StreamtopBase

extension DASHManifest {
    /// What the URL is. Hosts are compared where both are known; the newest period that fits wins, since a template may serve
    /// several.
    ///
    /// - Parameter range: of the request, where it asks for a part of a file.
    package func resource(at url: URLReference, range: ClosedRange<UInt64>? = nil) -> DASHResource? {
        let path = Array(url.path.utf8)
        for period in periods.indices.reversed() {
            for index in periods[period].representations.indices {
                let representation = periods[period].representations[index]
                guard let kind = representation.kind(of: url, path, range, length: periods[period].duration) else {
                    continue
                }
                return DASHResource(position: DASHPosition(period: period, representation: index), kind: kind)
            }
        }
        return nil
    }

    /// When a segment can be asked for by the manifest's clock, before any availabilityTimeOffset: the presentation's start, the
    /// period's, and the segment's end (section A.3.2). nil where one of them is not known.
    package func availability(of segment: DASHSegment, at position: DASHPosition) -> Timestamp? {
        guard let availabilityStart, let start = periods[position.period].start,
            let end = self[position].segments.end(of: segment)
        else { return nil }
        return availabilityStart + saturatingAdd(start, end)
    }

    /// Where a media time of the representation stands on the presentation's timeline, from its start on.
    package func presentationTime(_ time: MediaTime, at position: DASHPosition) -> Nanoseconds? {
        guard let start = periods[position.period].start, let media = time.nanoseconds else { return nil }
        return saturatingAdd(saturatingAdd(start, media), -self[position].segments.offset)
    }
}

extension DASHRepresentation {
    /// The offset by ISO/IEC 23009-1: the innermost at the segments' addressing, else the innermost of BaseURL. 0 without one.
    package var offsetByISO: Nanoseconds {
        (offsets.last { $0.isOfSegments } ?? offsets.last)?.value ?? 0
    }

    fileprivate func kind(
        of url: URLReference, _ path: [UInt8], _ range: ClosedRange<UInt64>?, length: Nanoseconds?
    ) -> DASHResource.Kind? {
        if let authority = base.authority, let host = url.authority, authority != host { return nil }
        if segments.isSingleFile {
            guard base.path == url.path else { return nil }
            let isInitialization = range.map { segments.initializationRange?.contains($0.lowerBound) ?? false } ?? false
            return isInitialization ? .initialization : .file
        }
        if segments.initialization?.match(path, from: base) != nil { return .initialization }
        if let found = segments.media?.match(path, from: base) {
            return segments.segment(number: found.number, time: found.time, length: length).map { .media($0) }
        }
        for (index, listed) in segments.list.enumerated() {
            let isSame = listed.url.map { base.resolving(URLReference($0)).path == url.path } ?? (base.path == url.path)
            guard isSame, listed.range == nil || listed.range == range else { continue }
            return segments.segment(number: segments.startNumber &+ UInt64(index), time: nil, length: length)
                .map { .media($0) }
        }
        return nil
    }
}

extension DASHSegments {
    /// presentationTimeOffset in nanoseconds.
    var offset: Nanoseconds {
        MediaTime(value: Int64(clamping: presentationTimeOffset), timescale: timescale).nanoseconds ?? 0
    }

    /// The segment that a URL names. nil where the manifest rules it out; open where it does not know it yet.
    func segment(number: UInt64?, time: UInt64?, length: Nanoseconds?) -> DASHSegment? {
        if let duration {
            guard let number, number >= startNumber, endNumber.map({ number <= $0 }) ?? true else {
                return number == nil
                    ? DASHSegment(number: nil, mediaTime: time.map { units($0) }, duration: units(duration)) : nil
            }
            let (start, overflow) = (number - startNumber).multipliedReportingOverflow(by: duration)
            guard !overflow else { return nil }
            return DASHSegment(
                number: number, mediaTime: units(start.addingReportingOverflow(presentationTimeOffset).partialValue),
                duration: units(duration))
        }
        return inTimeline(number: number, time: time)
            ?? DASHSegment(number: number, mediaTime: time.map { units($0) }, duration: nil)
    }

    private func inTimeline(number: UInt64?, time: UInt64?) -> DASHSegment? {
        var next: UInt64 = 0
        var count = startNumber
        for (index, run) in timeline.enumerated() {
            let start = run.start ?? next
            var repeats = UInt64(clamping: run.repeats)
            if run.repeats < 0 {
                // Until the next run, or without end as far as the manifest says.
                let following = index + 1 < timeline.count ? timeline[index + 1].start : nil
                repeats = following.map { $0 > start ? ($0 - start - 1) / run.duration : 0 } ?? .max
            }
            let position: UInt64?
            if let number {
                position = number >= count && number - count <= repeats ? number - count : nil
            } else {
                position = time.flatMap {
                    $0 >= start && ($0 - start) % run.duration == 0 && ($0 - start) / run.duration <= repeats
                        ? ($0 - start) / run.duration : nil
                }
            }
            if let position {
                let (shift, overflow) = position.multipliedReportingOverflow(by: run.duration)
                guard !overflow else { return nil }
                return DASHSegment(
                    number: count &+ position, mediaTime: units(start &+ shift), duration: units(run.duration))
            }
            guard repeats < 1 << 40 else { return nil }
            let (all, overflow) = (repeats + 1).multipliedReportingOverflow(by: run.duration)
            guard !overflow else { return nil }
            next = start &+ all
            count = count &+ repeats &+ 1
        }
        return nil
    }

    /// Where a segment ends, from the period's start on.
    func end(of segment: DASHSegment) -> Nanoseconds? {
        guard let start = segment.mediaTime?.nanoseconds, let length = segment.duration?.nanoseconds else { return nil }
        return saturatingAdd(saturatingAdd(start, length), -offset)
    }

    private func units(_ value: UInt64) -> MediaTime { MediaTime(value: Int64(clamping: value), timescale: timescale) }
}
