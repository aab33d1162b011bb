/// Ways in which an end can break RFC 6455; the raw value is the contract's name.
enum WebSocketViolation: String, CaseIterable, Sendable {
    /// Section 5.1.
    case unmaskedClient = "unmasked_client"
    case maskedServer = "masked_server"
    /// Section 5.2, RFC 7692 section 6.
    case reservedBits = "reserved_bits"
    case reservedOpcode = "reserved_opcode"
    case nonMinimalLength = "non_minimal_length"
    /// Section 5.5.
    case longControl = "long_control"
    case fragmentedControl = "fragmented_control"
    /// Section 5.4: a continuation of nothing, or a new message within another.
    case strayContinuation = "stray_continuation"
    case unfinishedMessage = "unfinished_message"
    /// Section 8.1.
    case invalidUTF8 = "invalid_utf8"
    /// Section 7.4: a code that may not be sent, or half of one.
    case badCloseCode = "bad_close_code"
    /// Section 4.2.2: the proof does not answer the key.
    case wrongAccept = "wrong_accept"
}
