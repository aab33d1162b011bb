import StreamtopBase

/// A playlist of HTTP Live Streaming (RFC 8216 and its second edition, draft-pantos-hls-rfc8216bis).
package enum HLSPlaylist: Equatable, Sendable {
    case multivariant(HLSMultivariantPlaylist)
    case media(HLSMediaPlaylist)
}

package struct HLSMultivariantPlaylist: Equatable, Sendable {
    package var variants: [HLSVariant] = []
    package var renditions: [HLSRendition] = []
}

/// `EXT-X-STREAM-INF`, or `EXT-X-I-FRAME-STREAM-INF`.
package struct HLSVariant: Equatable, Sendable {
    package var url: URLReference
    /// bits a second, the peak.
    package var bandwidth: UInt64?
    package var averageBandwidth: UInt64?
    package var codecs: String?
    package var width: UInt32?
    package var height: UInt32?
    package var frameRate: Double?
    /// GROUP-ID of its audio renditions.
    package var audio: String?
    package var isTrickPlay = false
}

/// `EXT-X-MEDIA`.
package struct HLSRendition: Equatable, Sendable {
    /// AUDIO, VIDEO, SUBTITLES or CLOSED-CAPTIONS.
    package var type: String
    package var group: String
    package var name: String
    package var language: String?
    /// nil where the variant's own playlist has it.
    package var url: URLReference?
}

package struct HLSMediaPlaylist: Equatable, Sendable {
    package var version: Int?
    package var targetDuration: Nanoseconds?
    /// `EXT-X-PART-INF`.
    package var partTarget: Nanoseconds?
    package var mediaSequence: UInt64 = 0
    package var discontinuitySequence: UInt64 = 0
    package var segments: [HLSSegment] = []
    /// Parts of the segment that is not whole yet: of number `nextSequence`.
    package var trailingParts: [HLSPart] = []
    /// The program date of that segment, as far as those before give it.
    package var trailingDate: Timestamp?
    package var hints: [HLSHint] = []
    package var control: HLSServerControl?
    package var reports: [HLSRenditionReport] = []
    /// `EXT-X-SKIP`: segments that a delta update leaves out, which stand before `segments`.
    package var skipped: UInt64 = 0
    package var hasEnded = false
    /// VOD or EVENT.
    package var type: String?
    package var isIndependent = false
    package var isIFramesOnly = false

    /// The number of the segment behind the last one.
    package var nextSequence: UInt64 { mediaSequence &+ skipped &+ UInt64(segments.count) }

    package var isLive: Bool { !hasEnded && type != "VOD" }
    package var isLowLatency: Bool { partTarget != nil }
}

package struct HLSSegment: Equatable, Sendable {
    /// Media sequence number.
    package var number: UInt64
    package var url: URLReference
    package var range: ClosedRange<UInt64>?
    package var duration: Nanoseconds
    /// Of its first sample: said, or carried on from an earlier segment.
    package var programDate: Timestamp?
    /// The program date stands at the segment itself.
    package var hasOwnDate = false
    package var isDiscontinuity = false
    package var isGap = false
    package var isEncrypted = false
    /// `EXT-X-MAP` in force.
    package var map: HLSMap?
    package var parts: [HLSPart] = []
}

package struct HLSMap: Equatable, Sendable {
    package var url: URLReference
    package var range: ClosedRange<UInt64>?
}

/// `EXT-X-PART`.
package struct HLSPart: Equatable, Sendable {
    package var url: URLReference
    package var range: ClosedRange<UInt64>?
    package var duration: Nanoseconds
    package var isIndependent = false
    package var isGap = false
}

/// `EXT-X-PRELOAD-HINT`: what will be there next.
package struct HLSHint: Equatable, Sendable {
    /// PART or MAP.
    package var type: String
    package var url: URLReference
    package var start: UInt64?
    package var length: UInt64?
}

/// `EXT-X-SERVER-CONTROL`, in nanoseconds.
package struct HLSServerControl: Equatable, Sendable {
    package var canBlockReload = false
    package var canSkipUntil: Nanoseconds?
    package var holdBack: Nanoseconds?
    package var partHoldBack: Nanoseconds?
}

/// `EXT-X-RENDITION-REPORT`.
package struct HLSRenditionReport: Equatable, Sendable {
    package var url: URLReference
    package var lastSequence: UInt64?
    package var lastPart: UInt64?
}

/// Delivery directives in a playlist's query (RFC 8216bis section 6.2.5): the server holds its answer until that part is there.
package struct HLSDirectives: Equatable, Sendable {
    package var sequence: UInt64?
    package var part: UInt64?
    /// YES or v2: a delta update will do.
    package var wantsDelta = false

    /// nil for a URL without any.
    package init?(_ url: URLReference) {
        sequence = url.queryValue("_HLS_msn").flatMap { UInt64($0) }
        part = url.queryValue("_HLS_part").flatMap { UInt64($0) }
        let skip = url.queryValue("_HLS_skip")
        wantsDelta = skip == "YES" || skip == "v2"
        guard sequence != nil || part != nil || skip != nil else { return nil }
    }
}

/// What a URL is in a media playlist.
package struct HLSResource: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case initialization
        case segment
        /// Its index within the segment.
        case part(Int)
        /// Announced, not there yet: the part that comes next.
        case hintedPart(Int)
    }

    package var kind: Kind
    /// Media sequence number; of an init segment that of the first segment that uses it.
    package var number: UInt64
    package var duration: Nanoseconds?
    /// When its first sample is on the clock of the program.
    package var programDate: Timestamp?
}
