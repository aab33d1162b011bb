import StreamtopBase

/// What a `MediaBoxScanner` finds, in the order of the stream.
package enum MediaFact: Equatable, Sendable {
    /// A segment begins (`styp`, or `ftyp` of an init segment).
    case segmentType(brand: FourCharacterCode, offset: UInt64, time: Timestamp)
    /// The tracks are described (`moov`).
    case initialization(InitializationSegment, offset: UInt64, time: Timestamp)
    case segmentIndex(SegmentIndex, offset: UInt64)
    case producerReferenceTime(ProducerReferenceTime, offset: UInt64, time: Timestamp)
    case eventMessage(EventMessage, offset: UInt64, time: Timestamp)
    /// The first byte of a `moof` is there.
    case fragmentBegan(offset: UInt64, time: Timestamp)
    /// The last byte of its media data is there.
    case fragment(MediaFragment)
    /// The structure was lost at this byte: bytes are missing, or are no boxes. It is found again at a later `moof`.
    case lost(offset: UInt64, isMalformed: Bool)
}

/// A movie fragment with its media data: a CMAF chunk, where the source writes one `moof` each.
package struct MediaFragment: Equatable, Sendable {
    /// `mfhd` sequence_number; nil where the `moof` could not be read.
    package var sequence: UInt32?
    /// The stamp that stood before it.
    package var producerReferenceTime: ProducerReferenceTime?
    /// Offset of the chunk's first byte: of what precedes the `moof` and belongs to it (`styp`, `prft`, `emsg`), else of the `moof`.
    package var chunkOffset: UInt64
    package var fragmentOffset: UInt64
    /// Offset of the first byte behind its `mdat`.
    package var endOffset: UInt64
    /// When the chunk's first byte, the first of the `moof`, and the last of the `mdat` came.
    package var firstByte: Timestamp
    package var fragmentByte: Timestamp
    package var lastByte: Timestamp
    package var tracks: [TrackFragment] = []
    /// Bytes of its media data were not seen.
    package var hasGap = false

    /// Bytes of the chunk, its boxes included.
    package var byteCount: UInt64 { endOffset &- chunkOffset }
}

/// What one `traf` says (ISO/IEC 14496-12 section 8.8), with the defaults of `tfhd` and `trex` where a run leaves them out.
/// Times are in the track's timescale.
package struct TrackFragment: Equatable, Sendable {
    package var trackID: UInt32
    /// `tfdt`: decode time of the first sample. nil where there is none.
    package var baseDecodeTime: Int64?
    package var sampleCount: UInt64 = 0
    /// Sum of the samples' durations; nil where neither run nor defaults say it (the init segment was not seen).
    package var duration: UInt64? = 0
    /// Sum of the samples' sizes; nil as above.
    package var sampleBytes: UInt64? = 0
    /// Composition offset of the first sample.
    package var firstCompositionOffset: Int64 = 0
    /// The first sample can be decoded by itself; nil where nothing says it.
    package var firstIsSync: Bool?
    /// Samples of which that is known and true.
    package var syncSamples: UInt64 = 0

    /// Where presentation begins: decode time and first composition offset, less what the edit list takes off.
    package func presentationTime(in track: TrackDescription) -> MediaTime? {
        baseDecodeTime.map {
            MediaTime(
                value: saturatingAdd(saturatingAdd($0, firstCompositionOffset), -max(track.editShift, -Int64.max)),
                timescale: track.timescale)
        }
    }
}

/// What an init segment says.
package struct InitializationSegment: Equatable, Sendable {
    /// `mvhd` timescale.
    package var timescale: UInt32 = 0
    package var tracks: [TrackDescription] = []

    package init() {}

    package subscript(trackID: UInt32) -> TrackDescription? { tracks.first { $0.id == trackID } }
}

package struct TrackDescription: Equatable, Sendable {
    package var id: UInt32 = 0
    /// `mdhd`: units a second of all times of the track.
    package var timescale: UInt32 = 0
    /// `hdlr`: vide, soun, text, …
    package var handler = FourCharacterCode(0)
    /// The first sample entry; of encrypted ones what `frma` names.
    package var codec = FourCharacterCode(0)
    package var isEncrypted = false
    /// Pixels, as presented; 0 for what has none.
    package var width: UInt32 = 0
    package var height: UInt32 = 0
    /// What the edit list takes off media times to get presentation times, in the track's timescale; empty edits make it less.
    package var editShift: Int64 = 0
    /// `trex`; nil where there is none.
    package var defaults: SampleDefaults?

    package init() {}

    package var isVideo: Bool { handler.rawValue == 0x7669_6465 }
    package var isAudio: Bool { handler.rawValue == 0x736f_756e }
}

package struct SampleDefaults: Equatable, Sendable {
    package var duration: UInt32?
    package var size: UInt32?
    package var flags: UInt32?
}

/// `prft` (ISO/IEC 14496-12 section 8.16.5).
package struct ProducerReferenceTime: Equatable, Sendable {
    package var trackID: UInt32
    /// Of the producer's clock; 32 bits of seconds since 1900 and 32 of fraction on the wire.
    package var wallClock: Timestamp
    /// In the track's timescale.
    package var mediaTime: Int64
    /// Which instant the stamp names: 0 encoder input, 1 encoder output, 2 `moof` finalised, 4 `moof` written, 8 arbitrary but
    /// consistent, 24 captured in real time.
    package var flags: UInt32
}

/// `emsg` (ISO/IEC 23009-1 section 5.10.3.3).
package struct EventMessage: Equatable, Sendable {
    package var scheme: String
    package var value: String
    package var timescale: UInt32
    /// Version 1: presentation time. Version 0: time after the segment's earliest.
    package var time: UInt64
    package var isRelative: Bool
    package var duration: UInt32
    package var id: UInt32
}

/// `sidx` (ISO/IEC 14496-12 section 8.16.3).
package struct SegmentIndex: Equatable, Sendable {
    package struct Reference: Equatable, Sendable {
        /// Another index, not media.
        package var isIndex: Bool
        package var byteCount: UInt32
        package var duration: UInt32
        package var startsWithAccessPoint: Bool
    }

    package var trackID: UInt32
    package var timescale: UInt32
    package var earliestPresentationTime: UInt64
    /// From the end of this box to the first reference.
    package var firstOffset: UInt64
    package var references: [Reference]
}
