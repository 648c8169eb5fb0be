package workbook.kafka.iam;

/** A client is not let in; the message says why and goes back to it. */
final class Refused extends Exception {
    private static final long serialVersionUID = 1;
    private static final int LONGEST_SHOWN = 100;

    Refused(String why) {
        super(why);
    }

    static void unless(boolean met, String why) throws Refused {
        if (!met) {
            throw new Refused(why);
        }
    }

    /** What a client sent, made fit for a message and a log: one short line of plain characters. */
    static String shown(String value) {
        String plain = value.replaceAll("[^ -~]", "?");
        return "'" + (plain.length() > LONGEST_SHOWN ? plain.substring(0, LONGEST_SHOWN) + "..." : plain) + "'";
    }
}
