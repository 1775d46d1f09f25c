import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.ServerVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;

/** A server that speaks MongoDB's protocol: java -cp 'lib/*' Server.java PORT FILE. Port 0 takes a free one. */
class Server {
    public static void main(String[] arguments) {
        var backend = new H2Backend(arguments[1]);
        backend.version(ServerVersion.MONGO_5_0);
        var server = new MongoServer(backend);
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        System.out.println(server.getLocalAddress().getPort());
    }
}
