import StreamtopBase

/// Finds session descriptions and candidates in a message of any form: alone (RFC 9725), behind the fields of SIP (RFC 7118), in a
/// string of JSON or of JSON within JSON, in a field of protobuf.
///
/// Bytes come in pieces of any size. Nothing is kept until a beginning was seen, and never more than a description may be long.
package struct DescriptionScanner: Sendable {
    package enum Found: Equatable, Sendable {
        /// From `v=0` on, lines ended by a line feed.
        case description([UInt8])
        /// From `candidate:` on (RFC 8839 section 5.1).
        case candidate([UInt8])
    }

    /// Longest candidate that is read.
    static let candidateLimit = 1_024
    /// Own: a description stands at the beginning of its message; of a download no more than this is searched.
    static let searchLimit = 65_536

    package static let limits = [
        Limit(
            "session description being read", SessionDescription.lengthLimit, .bytes, per: .stream,
            policy: "a longer one is not read")
    ]

    /// One character after escapes of JSON were resolved, however often the text was put into a string.
    private enum Symbol {
        case character(UInt8)
        /// A quotation mark behind as many backslashes.
        case quote(Int)
    }

    /// What a beginning looks like; 10 stands for the end of a line.
    private static let description = Array("v=0\no=".utf8)
    private static let candidate = Array("candidate:".utf8)

    // Escapes.
    private var backslashes = 0
    private var hexDigitsLeft = 0
    private var hexValue: UInt32 = 0
    // Search.
    private var searched = 0
    private var matched = 0
    private var isCandidate = false
    /// The quotation mark before the character at hand; nil where another character is.
    private var quote: Int?
    /// The quotation mark before the beginning.
    private var opening: Int?
    // Collection.
    private var collected: [UInt8] = []
    private var isCollecting = false
    private var found: [Found] = []

    package init() {}

    package var heldBytes: Int { collected.capacity }

    /// The next bytes may matter.
    package var isSearching: Bool { isCollecting || searched < Self.searchLimit }

    /// The next bytes of the message.
    package mutating func feed(_ bytes: RawSpan) {
        guard isSearching else { return }
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {  // each pass takes a byte
            take(reader.uint8())
            guard !isCollecting else { continue }
            searched &+= 1
            guard searched < Self.searchLimit else { return }
        }
    }

    /// The message is complete: what was found in it.
    package mutating func end() -> [Found] {
        // In a string it would have been closed; alone, the message's end is the description's.
        if isCollecting, opening == nil { close() }
        let all = found
        self = DescriptionScanner()
        return all
    }

    /// Bytes of the message will never come: what is incomplete is given up.
    package mutating func lose() {
        let all = found
        self = DescriptionScanner()
        found = all
        searched = Self.searchLimit
    }

    private mutating func take(_ byte: UInt8) {
        if hexDigitsLeft > 0 {
            hexDigitsLeft -= 1
            hexValue = hexValue << 4 | Self.hexDigit(byte)
            if hexDigitsLeft == 0 { observe(.character(UInt8(truncatingIfNeeded: min(hexValue, 0x7f)))) }
            return
        }
        if byte == UInt8(ascii: "\\") {
            backslashes = min(backslashes + 1, 1 << 10)
            return
        }
        let escapes = backslashes
        backslashes = 0
        if byte == UInt8(ascii: "\"") { return observe(.quote(escapes)) }
        guard escapes > 0 else { return observe(.character(byte)) }
        switch byte {
        case UInt8(ascii: "r"), UInt8(ascii: "n"): observe(.character(10))
        case UInt8(ascii: "u"):
            hexDigitsLeft = 4
            hexValue = 0
        default: observe(.character(byte))
        }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt32 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
        default: 0
        }
    }

    private mutating func observe(_ symbol: Symbol) {
        if isCollecting { return collect(symbol) }
        switch symbol {
        case .quote(let escapes):
            matched = 0
            quote = escapes
        case .character(let byte):
            search(byte == 13 ? 10 : byte)
            quote = nil
        }
    }

    private mutating func search(_ character: UInt8) {
        let pattern = isCandidate ? Self.candidate : Self.description
        if matched > 0, pattern[matched] == character {
            matched += 1
        } else if matched > 0, character == 10, pattern[matched - 1] == 10 {
            return  // a line may end with two characters
        } else if character == Self.description[0] {
            begin(candidate: false)
        } else if character == Self.candidate[0], quote != nil {
            begin(candidate: true)
        } else {
            matched = 0
        }
        guard matched == (isCandidate ? Self.candidate : Self.description).count else { return }
        collected = isCandidate ? Self.candidate : Self.description
        isCollecting = true
        matched = 0
    }

    private mutating func begin(candidate: Bool) {
        isCandidate = candidate
        matched = 1
        opening = quote
    }

    private mutating func collect(_ symbol: Symbol) {
        switch symbol {
        case .quote(let escapes):
            if let opening, escapes <= opening { return close() }
            append(UInt8(ascii: "\""))
        case .character(let byte):
            // Text alone ends where another form's bytes begin.
            if byte < 32, byte != 13, byte != 10, byte != 9 { return close() }
            append(byte == 13 ? 10 : byte)
        }
    }

    private mutating func append(_ byte: UInt8) {
        if byte == 10, collected.last == 10 { return }
        guard collected.count < (isCandidate ? Self.candidateLimit : SessionDescription.lengthLimit) else {
            isCollecting = false
            collected = []
            return
        }
        collected.append(byte)
    }

    private mutating func close() {
        found.append(isCandidate ? .candidate(collected) : .description(collected))
        isCollecting = false
        collected = []
        quote = nil
    }
}
