/// An aggregate message of RTMP (section 7.1.6) as its bytes come: messages one behind the other, each laid out as a tag of an FLV file and
/// with its size behind it.
///
/// A part that is longer than what is left of the aggregate is never whole, and so never told; behind one that is neither audio, video nor
/// data nothing more is read. Sizes behind parts are passed over: readers of files need them, and some senders leave them zero.
struct RTMPAggregate: Sendable {
    private let timestamp: UInt32
    private var tags = FLVReader.ofTags
    /// What is added to the time of each part, so that the first has the time of the aggregate.
    private var offset: UInt32?

    init(timestamp: UInt32) { self.timestamp = timestamp }

    /// The next whole part, of the aggregate's message stream; nil when more bytes are needed.
    @_lifetime(reader: copy reader)
    mutating func next(_ reader: inout ByteReader, stream: UInt32) -> RTMPMessage? {
        guard let tag = tags.next(&reader) else { return nil }
        let offset = offset ?? timestamp &- tag.timestamp
        self.offset = offset
        return RTMPMessage(
            type: tag.type, stream: stream, timestamp: tag.timestamp &+ offset, length: tag.length, head: tag.head)
    }

    /// `count` bytes of the aggregate will never come.
    mutating func gap(of count: UInt64) { tags.gap(of: count) }
}
