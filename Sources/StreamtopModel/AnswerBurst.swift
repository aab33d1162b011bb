import StreamtopBase

/// What a server sent after one request, as it shows in the lengths of what nobody can read (handbook 5.9).
package struct AnswerBurst: Equatable, Sendable {
    package var requestTime: Timestamp
    package var firstByte: Timestamp?
    package var lastByte: Timestamp?
    /// What was carried, without what encryption adds.
    package var bytes: UInt64 = 0

    package init(requestTime: Timestamp) { self.requestTime = requestTime }
}
