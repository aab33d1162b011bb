import StreamtopBase

extension DASHManifest {
    /// Bounds on what is kept of one manifest.
    package static var periodCapacity: Int { 64 }
    package static var representationCapacity: Int { 256 }
    package static var runCapacity: Int { 8_192 }

    /// Reads a manifest that was fetched from `url`; nil where it is no MPD.
    package init?(reading bytes: RawSpan, from url: URLReference) {
        guard let root = XMLDocument.read(bytes), root.name == "MPD" else { return nil }
        self.init(root, from: url)
    }

    private init(_ root: XMLElement, from url: URLReference) {
        self.init()
        isDynamic = root["type"] == "dynamic"
        availabilityStart = root["availabilityStartTime"].flatMap { ISO8601Parser.instant($0) }
        publishTime = root["publishTime"].flatMap { ISO8601Parser.instant($0) }
        minimumUpdatePeriod = root["minimumUpdatePeriod"].flatMap { ISO8601Parser.duration($0) }
        timeShiftBufferDepth = root["timeShiftBufferDepth"].flatMap { ISO8601Parser.duration($0) }
        suggestedPresentationDelay = root["suggestedPresentationDelay"].flatMap { ISO8601Parser.duration($0) }
        mediaPresentationDuration = root["mediaPresentationDuration"].flatMap { ISO8601Parser.duration($0) }
        maximumSegmentDuration = root["maxSegmentDuration"].flatMap { ISO8601Parser.duration($0) }
        profiles = root["profiles"] ?? ""
        utcTimings = root.all("UTCTiming").prefix(8).map {
            UTCTiming(scheme: $0["schemeIdUri"] ?? "", value: $0["value"] ?? "")
        }
        targets = root.first("ServiceDescription").map(ServiceTargets.init)
        let outer = DASHLevel(base: url).entering(root, .manifest)
        var end: Nanoseconds? = 0
        var left = Self.representationCapacity
        for element in root.all("Period").prefix(Self.periodCapacity) {
            // A start that is not said is the end of the period before (section 5.3.2.1).
            let start = element["start"].flatMap { ISO8601Parser.duration($0) } ?? end
            let duration = element["duration"].flatMap { ISO8601Parser.duration($0) }
            if let last = periods.indices.last, periods[last].duration == nil, let from = periods[last].start, let start
            {
                periods[last].duration = Timestamp(nanoseconds: start) - Timestamp(nanoseconds: from)
            }
            end = duration.flatMap { length in start.map { saturatingAdd($0, length) } }
            var period = DASHPeriod(id: element["id"], start: start, duration: duration)
            if targets == nil { targets = element.first("ServiceDescription").map(ServiceTargets.init) }
            let level = outer.entering(element, .period)
            for (index, set) in element.all("AdaptationSet").enumerated() {
                let setLevel = level.entering(set, .adaptationSet)
                for representation in set.all("Representation") where left > 0 {
                    left -= 1
                    period.representations.append(
                        setLevel.representation(representation, set: set["id"] ?? String(index)))
                }
            }
            periods.append(period)
        }
        if let last = periods.indices.last, periods[last].duration == nil, let total = mediaPresentationDuration,
            let start = periods[last].start
        {
            periods[last].duration = max(0, Timestamp(nanoseconds: total) - Timestamp(nanoseconds: start))
        }
    }
}

extension ServiceTargets {
    fileprivate init(_ element: XMLElement) {
        func milliseconds(_ text: String?) -> Nanoseconds? {
            text.flatMap { Int64($0) }.flatMap { (0..<86_400_000).contains($0) ? $0 * 1_000_000 : nil }
        }
        let latency = element.first("Latency")
        let rate = element.first("PlaybackRate")
        self.init(
            latency: milliseconds(latency?["target"]), minimumLatency: milliseconds(latency?["min"]),
            maximumLatency: milliseconds(latency?["max"]), minimumRate: rate?["min"].flatMap { Double($0) },
            maximumRate: rate?["max"].flatMap { Double($0) })
    }
}

/// What a level of the manifest hands down to those inside it: its base URL, its addressing of segments, its attributes.
private struct DASHLevel {
    var base: URLReference
    var segments = DASHSegments(isSingleFile: true)
    var mediaText: String?
    var initializationText: String?
    var offsets: [AvailabilityOffset] = []
    var isComplete: Bool?
    var attributes: [String: String] = [:]
    var contentType: String?
    var referenceTimes: [DASHReferenceTime] = []

    /// Attributes that a representation has from its set where it does not say them itself (section 5.3.7).
    private static let common = ["codecs", "mimeType", "width", "height", "contentType"]

    func entering(_ element: XMLElement, _ name: AvailabilityOffset.Level) -> DASHLevel {
        var inner = self
        if let own = element.first("BaseURL") {
            inner.base = base.resolving(URLReference(own.text))
            inner.note(own, name, isOfSegments: false)
        }
        for kind in ["SegmentBase", "SegmentList", "SegmentTemplate"] {
            guard let own = element.first(kind) else { continue }
            inner.note(own, name, isOfSegments: true)
            inner.read(own)
        }
        for key in Self.common { inner.attributes[key] = element[key] ?? attributes[key] }
        inner.contentType =
            inner.attributes["contentType"] ?? element.first("ContentComponent")?["contentType"] ?? contentType
        inner.referenceTimes += element.all("ProducerReferenceTime").prefix(4).map {
            DASHReferenceTime(
                id: $0["id"].flatMap { UInt32($0) }, type: $0["type"] ?? "encoder", isInband: $0["inband"] == "true",
                wallClock: $0["wallClockTime"].flatMap { ISO8601Parser.instant($0) },
                presentationTime: $0["presentationTime"].flatMap { UInt64($0) } ?? 0)
        }
        return inner
    }

    func representation(_ element: XMLElement, set: String) -> DASHRepresentation {
        let own = entering(element, .representation)
        let id = element["id"] ?? ""
        let bandwidth = element["bandwidth"].flatMap { UInt64($0) }
        var segments = own.segments
        segments.media = own.mediaText.flatMap { SegmentTemplateText($0, representation: id, bandwidth: bandwidth) }
        segments.initialization = own.initializationText.flatMap {
            SegmentTemplateText($0, representation: id, bandwidth: bandwidth)
        }
        segments.isSingleFile = segments.media == nil && segments.list.isEmpty
        let mime = own.attributes["mimeType"]
        let type = own.contentType ?? mime.map { String($0.prefix { $0 != "/" }) }
        return DASHRepresentation(
            id: id, adaptationSet: set, bandwidth: bandwidth, codecs: own.attributes["codecs"], mimeType: mime,
            contentType: type == "application" ? "text" : type, width: own.attributes["width"].flatMap { UInt32($0) },
            height: own.attributes["height"].flatMap { UInt32($0) }, base: own.base, segments: segments,
            offsets: own.offsets, availabilityTimeComplete: own.isComplete, producerReferenceTimes: own.referenceTimes)
    }

    private mutating func note(_ element: XMLElement, _ level: AvailabilityOffset.Level, isOfSegments: Bool) {
        if let complete = element["availabilityTimeComplete"] { isComplete = complete == "true" || complete == "1" }
        guard let text = element["availabilityTimeOffset"] else { return }
        let value: Nanoseconds
        if text.uppercased() == "INF" {
            value = .max
        } else {
            guard let seconds = Double(text), seconds.isFinite, abs(seconds) < 1e9 else { return }
            value = Nanoseconds((seconds * 1e9).rounded())
        }
        offsets.append(AvailabilityOffset(level: level, isOfSegments: isOfSegments, value: value))
    }

    /// SegmentBase, SegmentList or SegmentTemplate: what it says replaces what outer levels said (section 5.3.9.1).
    private mutating func read(_ element: XMLElement) {
        func number(_ name: String) -> UInt64? { element[name].flatMap { UInt64($0) } }
        if let scale = number("timescale") { segments.timescale = UInt32(clamping: scale) }
        if let offset = number("presentationTimeOffset") { segments.presentationTimeOffset = offset }
        if let start = number("startNumber") { segments.startNumber = start }
        if let end = number("endNumber") { segments.endNumber = end }
        if let duration = number("duration") {
            segments.duration = duration
            segments.timeline = []
        }
        if let media = element["media"] { mediaText = media }
        if let text = element["initialization"] ?? element.first("Initialization")?["sourceURL"] {
            initializationText = text
        }
        segments.initializationRange =
            element.first("Initialization")?["range"].flatMap { Self.range($0) } ?? segments.initializationRange
        segments.indexRange = element["indexRange"].flatMap { Self.range($0) } ?? segments.indexRange
        if let timeline = element.first("SegmentTimeline") {
            segments.duration = nil
            segments.timeline = timeline.all("S").prefix(DASHManifest.runCapacity).compactMap { run in
                guard let duration = run["d"].flatMap({ UInt64($0) }), duration > 0 else { return nil }
                return DASHSegments.Run(
                    start: run["t"].flatMap { UInt64($0) }, duration: duration,
                    repeats: max(-1, run["r"].flatMap { Int64($0) } ?? 0))
            }
        }
        let urls = element.all("SegmentURL").prefix(DASHManifest.runCapacity)
        if !urls.isEmpty {
            segments.list = urls.map {
                ListedSegment(url: $0["media"], range: $0["mediaRange"].flatMap { Self.range($0) })
            }
        }
    }

    private static func range(_ text: String) -> ClosedRange<UInt64>? {
        let ends = text.split(separator: "-").compactMap { UInt64($0) }
        return ends.count == 2 && ends[0] <= ends[1] ? ends[0]...ends[1] : nil
    }
}
