/// One captured frame inside a `FrameBatch`.
package struct FrameRecord: Sendable {
    package var time: Timestamp
    /// Where the frame's bytes start in `FrameBatch.bytes`.
    package var offset: Int
    /// Bytes kept by the capture. `offset + capturedLength` never passes the end of `FrameBatch.bytes`.
    package var capturedLength: Int
    /// Bytes the frame had on the wire; at least `capturedLength` unless the file lies.
    package var wireLength: Int
    package var linkType: LinkType
    /// Index of the capture interface within the source, for the reader's own bookkeeping.
    package var interface: UInt32

    @inlinable
    package init(
        time: Timestamp, offset: Int, capturedLength: Int, wireLength: Int, linkType: LinkType, interface: UInt32
    ) {
        self.time = time
        self.offset = offset
        self.capturedLength = capturedLength
        self.wireLength = wireLength
        self.linkType = linkType
        self.interface = interface
    }
}

/// Frames handed from a source to an engine in one go: one buffer, many records.
///
/// The buffer is owned by the batch and reused by the source, so that a frame costs no allocation and no copy on the
/// way from a file, and one copy from the kernel's ring. Several engines may read one batch side by side.
package struct FrameBatch: Sendable {
    package var bytes: [UInt8]
    package var frames: [FrameRecord]

    package init(bytes: [UInt8] = [], frames: [FrameRecord] = []) {
        self.bytes = bytes
        self.frames = frames
    }

    package mutating func removeAll() {
        frames.removeAll(keepingCapacity: true)
    }
}

/// What a source has to say after being asked for frames.
package enum SourceStatus: Sendable, Equatable {
    /// The batch holds frames, or the source has more to come.
    case frames
    /// Nothing arrived in the time the source waits; ask again.
    case idle
    /// No frame will follow.
    case ended
}
