/// Appends one JSON text (RFC 8259) to a buffer that its owner reuses from record to record.
///
/// Nothing is built on the side: no value tree, no strings for numbers. Commas take care of themselves. Members whose
/// value is not known are left out, so each typed `member` takes an optional and writes nothing for nil; the same goes
/// for what JSON cannot say (NaN, infinity) and for text without a character.
///
/// What takes a name is inlined where it is called: the name is a literal there, and its bytes become a few stores.
struct JSONWriter: ~Copyable {
    /// Writers of values append here after `startValue`.
    var bytes: RecordBuffer
    /// A value was written at this level, so that the next one needs a comma before it.
    private var needsComma = false

    /// Takes over `buffer` and appends to it; `finish` gives it back.
    init(_ buffer: consuming RecordBuffer) { bytes = buffer }

    /// Gives the buffer back with all that was appended.
    consuming func finish() -> RecordBuffer { bytes }

    // MARK: Structure

    @inline(__always)
    mutating func object(_ body: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    @inline(__always)
    mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        key(name)
        object(body)
    }

    @inline(__always)
    mutating func array<Elements: Sequence>(
        _ name: StaticString, _ elements: Elements, _ body: (inout JSONWriter, Elements.Element) -> Void
    ) {
        key(name)
        array(elements, body)
    }

    @inline(__always)
    mutating func array<Elements: Sequence>(
        _ elements: Elements, _ body: (inout JSONWriter, Elements.Element) -> Void
    ) {
        open(UInt8(ascii: "["))
        for element in elements { body(&self, element) }
        close(UInt8(ascii: "]"))
    }

    /// A member of which all is 0.
    @inline(__always)
    mutating func member(_ name: StaticString, _ object: ObjectOfZeros) {
        key(name)
        startValue()
        bytes.append(object.text)
    }

    /// Starts a member; its value must follow. `name` is a constant of ours in snake_case and needs no escapes, unless
    /// it is data (`keyEscaped`).
    @inline(__always)
    mutating func key(_ name: StaticString) {
        bytes.append(name: name, withComma: needsComma)
        needsComma = false
    }

    /// Starts a member whose name is data.
    mutating func keyEscaped(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    // MARK: Plumbing for the writers of values

    /// Comma, if one is due, before a value of whatever form.
    @inline(__always)
    mutating func startValue() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    @inline(__always)
    private mutating func open(_ byte: UInt8) {
        startValue()
        bytes.append(byte)
        needsComma = false
    }

    @inline(__always)
    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }
}

/// An object as it is written where nothing in it was counted: most flows have several of them. Its text is made once, by what
/// writes the others.
struct ObjectOfZeros: Sendable {
    let text: [UInt8]

    init(_ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(RecordBuffer(capacity: 256))
        writer.object(body)
        let buffer = writer.finish()
        let bytes = buffer.bytes
        text = (0..<bytes.byteCount).map { unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    }
}
