import StreamtopBase

/// A media presentation description (ISO/IEC 23009-1 section 5), as far as it says which URL is which media and when that exists.
package struct DASHManifest: Equatable, Sendable {
    package var isDynamic = false
    package var availabilityStart: Timestamp?
    package var publishTime: Timestamp?
    /// nil: it does not change.
    package var minimumUpdatePeriod: Nanoseconds?
    package var timeShiftBufferDepth: Nanoseconds?
    package var suggestedPresentationDelay: Nanoseconds?
    package var mediaPresentationDuration: Nanoseconds?
    package var maximumSegmentDuration: Nanoseconds?
    package var profiles = ""
    package var utcTimings: [UTCTiming] = []
    /// What the service wants of players (annex K).
    package var targets: ServiceTargets?
    package var periods: [DASHPeriod] = []

    package init() {}

    /// Clients are meant to fetch segments while these are being made.
    package var isLowLatency: Bool {
        targets?.latency != nil
            || periods.contains { $0.representations.contains { !($0.availabilityTimeComplete ?? true) } }
    }

    package subscript(position: DASHPosition) -> DASHRepresentation {
        periods[position.period].representations[position.representation]
    }
}

/// Where a representation stands in its manifest.
package struct DASHPosition: Hashable, Sendable {
    package var period: Int
    package var representation: Int
}

package struct UTCTiming: Equatable, Sendable {
    package var scheme: String
    package var value: String
}

/// ServiceDescription, in nanoseconds and as rates.
package struct ServiceTargets: Equatable, Sendable {
    package var latency: Nanoseconds?
    package var minimumLatency: Nanoseconds?
    package var maximumLatency: Nanoseconds?
    package var minimumRate: Double?
    package var maximumRate: Double?
}

package struct DASHPeriod: Equatable, Sendable {
    package var id: String?
    /// From the start of the presentation; nil where neither it nor the periods before say so.
    package var start: Nanoseconds?
    package var duration: Nanoseconds?
    package var representations: [DASHRepresentation] = []
}

package struct DASHRepresentation: Equatable, Sendable {
    package var id: String
    package var adaptationSet: String?
    /// bits a second.
    package var bandwidth: UInt64?
    package var codecs: String?
    package var mimeType: String?
    /// video, audio or text: said, or told from the MIME type.
    package var contentType: String?
    package var width: UInt32?
    package var height: UInt32?
    /// Where its relative URLs start.
    package var base: URLReference
    package var segments: DASHSegments
    /// availabilityTimeOffset wherever it stands, from the outermost level inwards.
    package var offsets: [AvailabilityOffset] = []
    package var availabilityTimeComplete: Bool?
    package var producerReferenceTimes: [DASHReferenceTime] = []
}

/// One availabilityTimeOffset: how much sooner than by the manifest's clock segments can be asked for.
package struct AvailabilityOffset: Equatable, Sendable {
    package enum Level: String, Sendable { case manifest, period, adaptationSet, representation }

    package var level: Level
    /// It stands at the segments' addressing, not at a BaseURL.
    package var isOfSegments: Bool
    /// `.max` for INF.
    package var value: Nanoseconds
}

/// `ProducerReferenceTime` (section 5.12).
package struct DASHReferenceTime: Equatable, Sendable {
    package var id: UInt32?
    /// encoder, captured or application.
    package var type: String
    package var isInband: Bool
    package var wallClock: Timestamp?
    package var presentationTime: UInt64
}

/// How the segments of a representation are addressed.
package struct DASHSegments: Equatable, Sendable {
    package struct Run: Equatable, Sendable {
        /// Media time of the first segment; nil: where the one before ends.
        package var start: UInt64?
        package var duration: UInt64
        /// Further segments of that duration; -1: until the next run, the end of the period, or now.
        package var repeats: Int64
    }

    package var timescale: UInt32 = 1
    package var presentationTimeOffset: UInt64 = 0
    package var startNumber: UInt64 = 1
    package var endNumber: UInt64?
    /// Of every segment; nil where the timeline says it.
    package var duration: UInt64?
    package var timeline: [Run] = []
    package var media: SegmentTemplateText?
    package var initialization: SegmentTemplateText?
    /// SegmentList: the URLs in order, with the bytes of each where they are parts of one file.
    package var list: [ListedSegment] = []
    /// SegmentBase, or none of all: one file.
    package var isSingleFile = false
    package var indexRange: ClosedRange<UInt64>?
    package var initializationRange: ClosedRange<UInt64>?
}

package struct ListedSegment: Equatable, Sendable {
    package var url: String?
    package var range: ClosedRange<UInt64>?
}

/// What a URL is in a manifest.
package struct DASHResource: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case initialization
        /// A media segment.
        case media(DASHSegment)
        /// The one file of the representation: ranges of it are told by its index.
        case file
    }

    package var position: DASHPosition
    package var kind: Kind
}

package struct DASHSegment: Equatable, Sendable {
    /// Its number, where it has one: by `$Number$`, or by place in the timeline.
    package var number: UInt64?
    /// Its start in the media timeline, before presentationTimeOffset is taken off: `tfdt`'s clock.
    package var mediaTime: MediaTime?
    /// nil where an open timeline does not say it.
    package var duration: MediaTime?
}
